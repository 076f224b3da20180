# Head, navigation, and words that several pages share.
nav-desk = منصة العمل
nav-skip = الانتقال إلى المحتوى
nav-menu = القائمة
nav-close = إغلاق
nav-group-own = عملي
nav-group-investigate = التحقيق
nav-group-monitor = المراقبة
nav-group-respond = الاستجابة
nav-group-report = الإبلاغ
nav-group-share = المشاركة
nav-group-prevent = الوقاية
nav-group-train = التدريب
nav-group-administer = الإدارة
nav-group-person = حسابك
nav-graph = المستكشف
nav-chains = سلاسل الحسابات
nav-portal = البوابة
nav-labs = تمارينك
nav-sign-in = تسجيل الدخول
nav-api = API
nav-requests = الطلبات
nav-cases = القضايا
nav-alerts = التنبيهات
nav-holds = التجميد
nav-events = الأحداث
nav-customers = العملاء
nav-rules = القواعد
nav-webhooks = خطافات الويب
nav-warnings = التحذيرات
nav-campaigns = الحملات
nav-officers = ضباط إنفاذ القانون
nav-seizures = المصادرات
nav-sharing = المشاركة
nav-recommendations = التوصيات
nav-changes = التغييرات
nav-academy = الأكاديمية
nav-people = الأشخاص
nav-jobs = المهام
nav-audit = سجل التدقيق
nav-sessions = الجلسات
nav-transparency = تقرير الشفافية
nav-courses = الدورات
nav-field-guide = الدليل الميداني

common-search = بحث
common-search-label = عنوان أو معاملة أو كتلة أو اسم
common-search-hint = عنوان أو معاملة أو اسم
common-home = الصفحة الرئيسية
common-ways-on = ابحث في الأعلى، أو انتقل إلى { $home }.
common-error = تعذّر تنفيذ الطلب
common-error-not-found = غير موجود
common-error-no-page = لا توجد صفحة في { $path }.
common-error-method = تُرسل النماذج إلى هذا العنوان؛ ولا توجد فيه صفحة تُفتح.
common-error-query = هذا الرابط غير مكتمل أو أن جزءًا منه خاطئ: { $cause }.
common-error-form = إذا أرسلت نموذجًا فارجع في المتصفح لتصحيحه: ما أدخلته ما زال هناك.
common-key-for = مفتاح { $name }. يحل المفتاح الجديد محله.
common-key-once = يُعرض مرة واحدة.
common-show = عرض
common-next-page = الصفحة التالية
common-none = لا شيء.
common-nobody = لا أحد

common-sign-in = تسجيل الدخول
common-sign-out = تسجيل الخروج
common-continue = متابعة
common-send = إرسال
common-save = حفظ
common-add = إضافة
common-attach = إرفاق
common-approve = موافقة
common-suspend = تعليق
common-withdraw = سحب

common-kind = النوع
common-process = السند القانوني
common-due = الموعد النهائي
common-state = الحالة
common-agency = الجهة
common-country = البلد
common-customer = العميل
common-decision = القرار
common-reason = السبب
common-text = النص
common-note = ملاحظة
common-typology = النمط
common-amount = المبلغ
common-asset = الأصل
common-address = العنوان
common-time = الوقت
common-from = من
common-to = إلى
common-graph = المخطط
common-files = الملفات
common-messages = الرسائل
common-by = بواسطة { $person }
common-time-by = { $time } بواسطة { $person }
common-file-facts = { $size } بايت، SHA-256 { $hash }

form-itself = النموذج
form-file = ملف
form-choose-file = اختر ملفًا
form-missing = القيمة ناقصة
form-no-number = «{ $text }» ليس عددًا صحيحًا
form-none-of = { $field }: «{ $text }» ليس من القيم { $values }
form-no-flag = «{ $text }» ليس true ولا false
form-no-token = غير صالح؛ أعد تحميل الصفحة ثم أرسل النموذج

sign-in-title = تسجيل الدخول
sign-in-intro = تتطلب صفحات منصة العمل مفتاحًا. ينشئ المسؤول المفاتيح، وأولها على جهاز الخادم بالأمر { $command }.
sign-in-key = المفتاح
sign-in-refused = هذا ليس مفتاحًا لهذه المنصة
sign-in-late = استغرق تسجيل الدخول وقتًا طويلًا؛ سجّل الدخول بمفتاحك من جديد

passkey-waiting = في انتظار جهازك.
passkey-none = لا توجد مفاتيح مرور لهذا المتصفح هنا؛ استخدم تطبيق مصادقة.
passkey-silent = لم يستجب الجهاز. حاول مرة أخرى.

common-chain-height = { $chain } حتى الكتلة { $height }
common-chain-empty = { $chain }، وليس فيها كتلة بعد
common-unknown = غير معروف
common-yes = نعم
common-no = لا

# Counts with their nouns.
count-addresses = { $n ->
    [zero] لا عناوين
    [one] عنوان واحد
    [two] عنوانان
    [few] { $n } عناوين
    [many] { $n } عنوانًا
   *[other] { $n } عنوان
}
count-cases = { $n ->
    [zero] لا قضايا
    [one] قضية واحدة
    [two] قضيتان
    [few] { $n } قضايا
    [many] { $n } قضية
   *[other] { $n } قضية
}
count-customers = { $n ->
    [zero] لا عملاء
    [one] عميل واحد
    [two] عميلان
    [few] { $n } عملاء
    [many] { $n } عميلًا
   *[other] { $n } عميل
}
count-days = { $n ->
    [zero] لا أيام
    [one] يوم واحد
    [two] يومان
    [few] { $n } أيام
    [many] { $n } يومًا
   *[other] { $n } يوم
}
count-ends = { $n ->
    [zero] لا نهايات
    [one] نهاية واحدة
    [two] نهايتان
    [few] { $n } نهايات
    [many] { $n } نهاية
   *[other] { $n } نهاية
}
count-findings = { $n ->
    [zero] لا نتائج
    [one] نتيجة واحدة
    [two] نتيجتان
    [few] { $n } نتائج
    [many] { $n } نتيجة
   *[other] { $n } نتيجة
}
count-hints = { $n ->
    [zero] لا تلميحات
    [one] تلميح واحد
    [two] تلميحان
    [few] { $n } تلميحات
    [many] { $n } تلميحًا
   *[other] { $n } تلميح
}
count-hours = { $n ->
    [zero] لا ساعات
    [one] ساعة واحدة
    [two] ساعتان
    [few] { $n } ساعات
    [many] { $n } ساعة
   *[other] { $n } ساعة
}
count-items = { $n ->
    [zero] لا عناصر
    [one] عنصر واحد
    [two] عنصران
    [few] { $n } عناصر
    [many] { $n } عنصرًا
   *[other] { $n } عنصر
}
count-labs = { $n ->
    [zero] لا تمارين
    [one] تمرين واحد
    [two] تمرينان
    [few] { $n } تمارين
    [many] { $n } تمرينًا
   *[other] { $n } تمرين
}
count-minutes = { $n ->
    [zero] لا دقائق
    [one] دقيقة واحدة
    [two] دقيقتان
    [few] { $n } دقائق
    [many] { $n } دقيقة
   *[other] { $n } دقيقة
}
count-outputs = { $n ->
    [zero] لا مخرجات
    [one] مخرج واحد
    [two] مخرجان
    [few] { $n } مخرجات
    [many] { $n } مخرجًا
   *[other] { $n } مخرج
}
count-points = { $n ->
    [zero] لا نقاط
    [one] نقطة واحدة
    [two] نقطتان
    [few] { $n } نقاط
    [many] { $n } نقطة
   *[other] { $n } نقطة
}
count-seconds = { $n ->
    [zero] لا ثوانٍ
    [one] ثانية واحدة
    [two] ثانيتان
    [few] { $n } ثوانٍ
    [many] { $n } ثانية
   *[other] { $n } ثانية
}
count-secrets = { $n ->
    [zero] لا أسرار
    [one] سر واحد
    [two] سران
    [few] { $n } أسرار
    [many] { $n } سرًا
   *[other] { $n } سر
}
count-sheets = { $n ->
    [zero] لا أوراق
    [one] ورقة واحدة
    [two] ورقتان
    [few] { $n } أوراق
    [many] { $n } ورقة
   *[other] { $n } ورقة
}
count-times = { $n ->
    [zero] ولا مرة
    [one] مرة واحدة
    [two] مرتين
    [few] { $n } مرات
    [many] { $n } مرة
   *[other] { $n } مرة
}

common-language = اللغة
common-meant = هل قصدت إحدى هذه الصفحات؟
common-list-comma = ،{" "}
common-classification = سري
common-printed-by = طبعه { $person }

common-to-case = إضافة إلى قضية
common-case-number = القضية (فارغ: قضية جديدة)
common-case-title = عنوان قضية جديدة
common-by-whom = الشخص

common-actions = الإجراءات
charts-table = جدول
charts-unknown = غير معروف
charts-left-out = غير مشمول: { $what }.
common-watch = مراقبة
common-flag = إصدار علامة
common-worth-unknown = السعر غير معروف
common-worth-then = { $value } في حينه
common-worth-now = { $value } بالسعر الحالي
common-to-new-case = إلى قضية جديدة
sign-on-button = تسجيل الدخول بحساب مؤسستك
sign-on-continue = متابعة
