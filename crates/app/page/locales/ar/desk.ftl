# The desk's front page, search, alerts, holds, recommendations, the graph, the transparency report.
desk-title = منصة العمل
desk-search-label = البحث في العناوين والمعاملات والأسماء والعملاء والتنبيهات والقضايا والطلبات
desk-search-hint = عنوان، معاملة، اسم، عميل، تنبيه، قضية، طلب
desk-search-title = في منصة العمل: { $words }
desk-hit = النتيجة
desk-search-none = لا عميل ولا حدث ولا تنبيه ولا تجميد يحمل هذا الاسم، ولا قضية يحق لك قراءتها ولا طلب يحوي كل هذه الكلمات.
desk-refused-title = مفتاحك لا يفتح هذه الصفحة
desk-refused-text = تقود روابط القائمة إلى الصفحات التي يفتحها مفتاحك.
desk-open-requests = طلبات مفتوحة
desk-answers-to-approve = ردود في انتظار الموافقة
desk-open-alerts = تنبيهات مفتوحة
desk-active-holds = عمليات تجميد نشطة
desk-officers-to-approve = ضباط في انتظار الموافقة
desk-seizures-to-execute = مصادرات للتنفيذ
desk-changes-to-approve = تغييرات في انتظار الموافقة
desk-own-cases = قضاياك المفتوحة
desk-no-cases = لا شيء.
desk-case-opened-by = فُتحت { $time } بواسطة { $person }
desk-case-due = الموعد النهائي
desk-sign-out = تسجيل خروج { $name }

desk-cases-case = القضية
desk-cases-title = العنوان
desk-cases-summary = الملخص
desk-cases-opened = فُتحت
desk-cases-open = فتح قضية
desk-cases-open-button = فتح
desk-cases-none = لا توجد قضية يحق لك قراءتها.

alerts-title = التنبيهات
alerts-alert = التنبيه
alerts-assignee = المسؤول
alerts-since = منذ
alerts-open = مفتوحة
alerts-closed = مغلقة
alerts-none = لا تنبيه مطابق.
alert-title = التنبيه { $id }
alert-rules = القواعد
alert-event = الحدث { $id }
alert-about-event = الحدث { $event }
alert-notes = الملاحظات
alert-assignee = المسؤول (فارغ: لا أحد)
alert-outcome = النتيجة
alert-true-positive = إيجابي صحيح
alert-false-positive = إنذار كاذب
alert-inconclusive = غير حاسم
alert-assign = إسناد
alert-comment = تعليق
alert-close = إغلاق
alert-reopen = إعادة فتح

holds-title = التجميد
holds-hold = التجميد
holds-title-of = التجميد { $id }
holds-review = يُراجع قبل
holds-ended = انتهى
holds-second-person = يحتاج إلى شخص ثانٍ
holds-covers = يشمل
holds-basis = الأساس
holds-placed = وُضع
holds-ends = ينتهي
holds-release = رفع التجميد
holds-active = نشط
holds-released = مرفوع
holds-expired = منتهٍ
holds-none = لا تجميد في هذه الحالة. تضع التجميد قراراتُ القواعد وأوامرُ السلطات.
holds-open-ended = بلا أجل
holds-release-requested = طلب رفعه { $person }: { $reason }

recommend-findings = ما تشترك فيه القضايا
recommend-no-findings = لا نتائج بعد. تظهر هنا القضايا ذات النمط.
recommend-for-team = لفريق { $team }
recommend-proposals = المقترحات
recommend-none = لا مقترحات بعد.
recommend-basis = إلى فريق { $team }، استنادًا إلى { $cases } من { $typology }.
recommend-effect = أُعيد حسابه على { $events } حدثًا: كان سيوقف { $stopped } من { $cases }، وكان سيتأثر { $others } عميلًا ليسوا في أي منها.
recommend-changed = بواسطة { $person } { $time }
recommend-propose = اقتراح
recommend-team = الفريق
recommend-team-aml = مكافحة غسل الأموال
recommend-team-kyc = KYC
recommend-team-platform = المنصة
recommend-text = التغيير وسببه
recommend-rules = مجموعة القواعد مع التغيير (YAML)
recommend-accepted = مقبول
recommend-declined = معتذر عنه
recommend-done = منجز
recommend-proposed = مقترح

graph-title = المستكشف
graph-needs-script = يحتاج المستكشف إلى نص برمجي لا يشغّله هذا المتصفح. تعرض صفحات العناوين والمعاملات المحتوى نفسه في جداول.
graph-as-tables = ابحث عنه هناك
graph-missing = لا يوجد مخطط { $item } في القضية { $case }

transparency-until = طلبات جهات إنفاذ القانون حتى { $time }.
transparency-received = الواردة
transparency-granted = المستجابة
transparency-partly = جزئيًا
transparency-refused = المرفوضة
transparency-forged = المزوَّرة
transparency-open = المفتوحة
transparency-median = وسيط الساعات
transparency-in-time = في الموعد

people-title = الأشخاص
people-none = لا أحد لديه مفتاح.
people-name = الاسم
people-state = الحالة
people-keys = المفاتيح
people-factor = العامل الثاني
people-since = منذ
people-active = نشط
people-suspended = معلّق
people-has-factor = نعم
people-suspend = تعليق
people-activate = تنشيط
people-reset-factor = إعادة تعيين العوامل الثانية
people-end-sessions = إنهاء كل الجلسات
people-role = الدور
people-role-of = دور المفتاح { $key }
people-key-name = اسم المفتاح
people-investigator = محقق
people-approver = موافِق
people-auditor = مدقق
people-administrator = مسؤول
people-trainer = مدرب
people-screener = خدمة فحص
people-partner = مؤسسة شريكة
people-add = إضافة شخص
people-add-about = يسجل الشخص الدخول بمفتاح. والدور الذي لا تملكه، أو الذي يتيح الإدارة، ينتظر شخصًا ثانيًا.
people-add-button = إضافة
people-add-key = إنشاء مفتاح
people-add-key-about = مفتاح آخر لهذا الشخص، لحاسوب آخر مثلًا. يجب أن يوافق عليه شخص آخر، لأن من يحمله يتصرف باسم هذا الشخص.
people-facts = { $state }، منذ { $since }، أضافه { $by }.
people-factor-active = يتطلب تسجيل الدخول عاملًا ثانيًا.
people-no-keys = لا مفتاح ساريًا لهذا الشخص.
people-access = الصلاحيات
people-revoke = إلغاء
people-change-role = تغيير
people-made-title = مفتاح جديد
people-made = المفتاح { $name } لـ { $person }. لا يجوز أن يحمله إلا { $person }.
people-waits = لا يفتح شيئًا حتى يوافق شخص آخر على { $change }.
people-change = التغيير { $id }
people-desk-keys = مفاتيح المنصة الرئيسية
people-desk-keys-about = تُشتق منها كل الأسرار. أخرج القديم من الخدمة إذا احتُمل تسربه: فتبطل مفاتيح API والتطبيقات والأسرار المشتقة منه. ويضاف مفتاح جديد على جهاز الخادم.
people-desk-key = المفتاح
people-in-use = قيد الاستخدام
people-older = أقدم، سارٍ
people-retired = خارج الخدمة
people-retire = إخراج من الخدمة

sessions-title = الجلسات
sessions-none = لا جلسات مفتوحة.
sessions-kind = في
sessions-staff = منصة العمل
sessions-officer = بوابة الضباط
sessions-learner = الأكاديمية
sessions-from = العنوان
sessions-started = بدأت
sessions-used = آخر استخدام
sessions-end = إنهاء

factor-title = العامل الثاني
factor-code = رمز تطبيق المصادقة
factor-continue = متابعة
factor-any-code = رمز تطبيق المصادقة، أو رمز استرداد
factor-enter = أدخل الرمز الذي يعرضه تطبيق المصادقة. إذا فُقد التطبيق فأدخل أحد رموز الاسترداد.
factor-enter-recovery = إذا فُقد مفتاح المرور فأدخل أحد رموز الاسترداد.
factor-needed = يتطلب تسجيل الدخول عاملًا ثانيًا. أعدّ أولًا تطبيق مصادقة أو مفتاح مرور.
factor-none = تسجل الدخول بمفتاحك وحده. ومع تطبيق مصادقة أو مفتاح مرور يتطلبه تسجيل الدخول أيضًا. أما البرامج التي ترسل مفتاحًا مع كل طلب فلا تحتاج إليه.
factor-active = يتطلب تسجيل الدخول عاملًا ثانيًا. إذا فقدته فسجل الدخول برمز استرداد، أو اطلب من مسؤول آخر إعادة تعيينه.
factor-locked = بدأت هذه الجلسة بمفتاحك وحده. لتغيير عامل ثانٍ أدخل رمزًا هنا، أو سجل الخروج ثم الدخول من جديد.
factor-app = تطبيق المصادقة
factor-app-about = تطبيق على هاتفك يعرض رمزًا من ستة أرقام يتغير كل 30 ثانية.
factor-app-active = أُعدّ تطبيق. يستطيع مسؤول آخر إعادة تعيينه.
factor-app-none = لم يُعدّ أي تطبيق.
factor-set-up = إعداد تطبيق مصادقة
factor-scan = امسح هذا الرمز بتطبيق المصادقة، أو أدخل السر. يُعرض كلاهما مرة واحدة.
factor-qr = رمز QR للسر
factor-confirm = الرمز الأول
factor-recovery = رموز الاسترداد
factor-recovery-once = احفظ هذه الرموز بعيدًا عن التطبيق. يسجل كل منها دخولك مرة واحدة بدل التطبيق. تُعرض مرة واحدة، وتسري من أول رمز للتطبيق.
factor-recovery-store = احفظ هذه الرموز بعيدًا عن أجهزتك. يسجل كل منها دخولك مرة واحدة بدل العامل الثاني. تُعرض مرة واحدة.
factor-recovery-left = { $n ->
    [zero] لم يبق أي رمز استرداد.
    [one] بقي رمز استرداد واحد.
    [two] بقي رمزا استرداد.
    [few] بقيت { $n } رموز استرداد.
    [many] بقي { $n } رمز استرداد.
   *[other] بقي { $n } رمز استرداد.
 } تحل الرموز الجديدة محلها.
factor-recovery-renew = إنشاء رموز استرداد جديدة
factor-secret = السر:
factor-open-app = فتح في تطبيق مصادقة على هذا الجهاز

passkey-title = مفاتيح المرور
passkey-about = يُحفظ مفتاح المرور في حاسوبك أو هاتفك أو مفتاح الأمان، ويُفتح ببصمة أو رقم PIN. ولا يعمل إلا في هذا الموقع، فلا يستطيع موقع آخر الحصول عليه.
passkey-list-none = ليس لديك مفتاح مرور.
passkey-name = اسم الجهاز
passkey-name-of = اسم مفتاح المرور { $name }
passkey-default-name = جهازي
passkey-credential = مفتاح المرور
passkey-facts = أُضيف { $created }، آخر استخدام { $used }
passkey-facts-unused = أُضيف { $created }، لم يُستخدم قط
passkey-add = إضافة مفتاح مرور
passkey-enter = سجل الدخول بمفتاح مرور.
passkey-use = استخدام مفتاح المرور
passkey-rename = إعادة تسمية
passkey-remove = إزالة { $name }

events-title = الأحداث
events-none = لم يُبتّ في حدث من هذا النوع.
events-event = الحدث
events-named = العنوان أو المعاملة
events-counterparty = عنوان الطرف الآخر
events-own-address = استُلم على
events-completion = ما آل إليه
events-reference = المرجع
events-by-book = وفق الإصدار { $version } من مجموعة القواعد
events-coverage = ما جرى النظر فيه
events-not-covered = لا شيء: لم يجب أي مصدر عن أصله
events-why = السبب
events-shadow = قواعد تجريبية لا تغيّر شيئًا
events-no-reason = لا تقتضي أي قاعدة شيئًا.
events-rule = القاعدة
events-rule-version = الإصدار { $version }
events-alert = التنبيه { $alert }
events-confidence = الثقة { $n } من 100
events-unavailable = تعذر الاستعلام من السلسلة: { $why }
events-senders = المرسلون الذين تذكرهم السلسلة
events-behind = ما مرّت به الأموال
events-behind-hops = القفزات
events-no-case = لا قضية يحق لك قراءتها تحوي هذا الحدث أو تنبيهاته أو تجميداته أو عميله.

customers-title = العملاء
customers-customer = العميل { $id }
customers-intro = تُسجَّل قراءة بيانات العميل في سجل التدقيق.
customers-find-label = معرّف أو اسم أو بريد أو هاتف أو عنوان أو حساب أو IBAN أو وثيقة أو جهاز
customers-none = لا سجل ولا حدث يذكر عميلًا بـ «{ $text }».
customers-name = الاسم
customers-email = البريد
customers-phone = الهاتف
customers-language = اللغة
customers-industry = مجال العمل
customers-risk = تقييم منصة التداول
customers-account = الحساب
customers-fingerprint = البصمة
customers-document = الوثيقة
customers-result = النتيجة
customers-birth-year = سنة الميلاد
customers-level = المستوى
customers-flags = العلامات
customers-created = تاريخ التسجيل
customers-stated = المصرَّح به
customers-no-record = لم تصرّح منصة التداول بشيء عن هذا العميل؛ وما يلي من الأحداث والتنبيهات والتجميدات.
customers-records = الحسابات ووسائل الدفع والأجهزة وعمليات التحقق من الهوية
customers-record = المعرّف
customers-details = التفاصيل
customers-addresses = العناوين
customers-addresses-about = عناوين إيداع صرّحت بها منصة التداول، وعناوين تذكرها أحدث { $n } أحداث.
customers-use = الاستخدام
customers-own-address = عنوان العميل نفسه
customers-events = الأحداث
customers-last = الأخير
customers-all-events = كل أحداث هذا العميل
customers-no-alert = لا تنبيه يخص هذا العميل.
customers-no-hold = لا تجميد على أموال هذا العميل.
customers-no-case = لا قضية يحق لك قراءتها تحوي هذا العميل أو حدثًا أو تنبيهًا أو تجميدًا يخصه.
customers-no-request = لم يطابق أي مراجع طلبًا مع هذا العميل.
customers-match = المطابقة: { $verdict }
customers-cut = المخزَّن من { $list } أكثر مما يُعرض هنا.

rules-title = القواعد
rules-book = { $title }، الإصدار { $version }، سارية.
rules-text = نصها
rules-waiting = { $n ->
    [zero] لا مجموعة قواعد مقترحة تنتظر شخصًا ثانيًا.
    [one] مجموعة قواعد مقترحة واحدة تنتظر شخصًا ثانيًا.
    [two] مجموعتا قواعد مقترحتان تنتظران شخصًا ثانيًا.
    [few] { $n } مجموعات قواعد مقترحة تنتظر شخصًا ثانيًا.
    [many] { $n } مجموعة قواعد مقترحة تنتظر شخصًا ثانيًا.
   *[other] { $n } مجموعة قواعد مقترحة تنتظر شخصًا ثانيًا.
}
rules-list = القواعد
rules-none = لا قواعد في المجموعة.
rules-what = الغرض منها
rules-policy = ما يسري على كل القواعد
rules-lists = القوائم
rules-each = كل قاعدة
rules-on = تنطبق على
rules-when = متى
rules-hold = التجميد
rules-warning = التحذير
rules-cooling-off = { $time } مهلة تفكير
rules-measured = القياس
rules-no-hit = لم يستوفها أي حدث في هذا الإصدار
rules-hits = { $n ->
    [zero] لا أحداث
    [one] حدث واحد
    [two] حدثان
    [few] { $n } أحداث
    [many] { $n } حدثًا
   *[other] { $n } حدث
}
rules-precision = الدقة { $share } ({ $right } صحيحة، { $wrong } خاطئة)
rules-no-precision = لم يُغلق بعد أي تنبيه لها على أنه صحيح أو خاطئ
rules-events = الأحداث التي استوفتها
rules-versions = الإصدارات
rules-version = الإصدار
rules-version-title = مجموعة القواعد، الإصدار { $version }
rules-author = فعّلها
rules-in-force = سارية
rules-replaced = مستبدلة
rules-no-version = لا إصدارات مخزنة.
rules-sha256 = SHA-256

webhooks-title = خطافات الويب
webhooks-none = لا توجد خطافات ويب.
webhooks-intro = تُرسل القرارات إلى هذه العناوين بالترتيب، موقّعة وفق Standard Webhooks، وتُكرر حتى تُستلم. المواضيع: { $topics }.
webhooks-webhook = خطاف الويب
webhooks-url = العنوان (https)
webhooks-topics = المواضيع
webhooks-delivered = المسلَّم
webhooks-working = يستلم الرسائل
webhooks-failing = { $n ->
    [zero] لم تفشل أي محاولة للرسالة التالية.
    [one] فشلت محاولة واحدة للرسالة التالية.
    [two] فشلت محاولتان للرسالة التالية.
    [few] فشلت { $n } محاولات للرسالة التالية.
    [many] فشلت { $n } محاولة للرسالة التالية.
   *[other] فشلت { $n } محاولة للرسالة التالية.
}
webhooks-next = المحاولة التالية { $time }
webhooks-add = إضافة خطاف ويب
webhooks-remove = إزالة
webhooks-secret = خطاف الويب { $id } جاهز. سر توقيعاته:

jobs-title = المهام
jobs-none = لا مهام.
jobs-job = المهمة
jobs-kind = النوع
jobs-state = الحالة
jobs-tries = المحاولات
jobs-progress = التقدم
jobs-done-of = { $done } من { $all }
jobs-when = متى
jobs-next-at = التنفيذ التالي { $time }
jobs-started-at = بدأت { $time }
jobs-ended-at = انتهت { $time }
jobs-waiting = في الانتظار
jobs-running = قيد التنفيذ
jobs-failed = فشلت
jobs-done = أُنجزت
jobs-error = آخر خطأ
jobs-retry = المحاولة الآن

audit-none = لا قيود في سجل التدقيق.
audit-entry = القيد
audit-actor = الفاعل
audit-action = الإجراء
audit-subject = الموضوع
audit-detail = التفاصيل
audit-back = العودة إلى سجل التدقيق

replay-title = إعادة حساب القرارات
replay-link = إعادة حساب كل القرارات
replay-about = تخزّن المنصة كل مدخلات قراراتها. وتبتّ إعادة الحساب من جديد في كل الأحداث المخزنة، من أول مدخل، وتقارن كل قرار بايتًا بايتًا بالمخزن. ولا تغيّر شيئًا.
replay-bound = تعمل هنا حتى { $seconds } ثانية. وعلى جهاز المنصة يعمل { $command } حتى آخر مدخل.
replay-start = إعادة الحساب
replay-equal-all = { $n ->
    [zero] لا قرارات مقارنة.
    [one] القرار الوحيد المقارن مطابق للمخزن.
    [two] القراران المقارنان مطابقان للمخزنين.
    [few] القرارات الـ { $n } المقارنة مطابقة للمخزنة.
    [many] القرارات الـ { $n } المقارنة مطابقة للمخزنة.
   *[other] القرارات الـ { $n } المقارنة مطابقة للمخزنة.
}
replay-nothing = لم يُقارن أي قرار.
replay-problems = لا يعطي سجل المدخلات ما هو مخزن.
replay-stopped = انتهت إعادة الحساب بعد { $seconds } ثانية، قبل آخر مدخل. ولم تُقارن القرارات اللاحقة.
replay-result = النتيجة
replay-inputs = المدخلات
replay-compared = القرارات المقارنة
replay-equal = متطابقة
replay-different = مختلفة
replay-other-engines = من محركات أخرى
replay-uncovered = أقدم من السجل
replay-holds = التجميدات النشطة المقارنة
replay-engine = المحرك
replay-not-compared = غير مقارنة
replay-reason = السبب
replay-decisions = القرارات
replay-numbers = الأرقام
replay-numbers-up-to = حتى { $last }
replay-numbers-from-to = { $first } إلى { $last }
replay-reason-uncovered = اتُّخذت قبل أن تخزّن المنصة مدخلاتها
replay-reason-engine = اتخذها المحرك { $engine }؛ ومحرك هذا البرنامج { $own }
replay-reason-no-engine = اتخذها محرك بلا إصدار؛ ومحرك هذا البرنامج { $own }
replay-differences = الاختلافات
replay-differences-first = تُعرض أول { $n }.

desk-refused-roles = وهي متاحة للأدوار: { $roles }.
desk-refused-who = يمنح المسؤول الأدوار للأشخاص في صفحة «الأشخاص»؛ والدور الذي يتيح الإدارة يحتاج إلى موافقة شخص ثانٍ.

alerts-views = طرق العرض
alerts-view-open = مفتوحة
alerts-view-mine = تنبيهاتي
alerts-view-nobody = بلا مسؤول
alerts-view-severe = شديدة
alerts-view-closed = مغلقة
alerts-view-save = حفظ طريقة العرض هذه
alerts-view-name = اسم طريقة العرض
alerts-view-shared = لكل من في منصة العمل
alerts-view-query = التصفية
alerts-view-delete = حذف «{ $name }»
alerts-filter = التصفية والترتيب
alerts-filter-none = كل التنبيهات المفتوحة
alerts-me = أنا
alerts-risk = المخاطر
alerts-amount = المبلغ، على الأقل
alerts-age-least = العمر، على الأقل
alerts-sort = مرتبة حسب
alerts-sort-usual = الترتيب المعتاد
alerts-value = القيمة
alerts-age-head = العمر
alerts-age = منذ { $age }
alerts-due-in = بقي { $span }
alerts-late-by = متأخر { $span }
alerts-minutes = { $n } د
alerts-hours = { $n } س
alerts-days = { $n } ي
alerts-select = تحديد
alerts-nothing-open = لا تنبيه مفتوح هنا. اضغط j، أو اتبع رقم تنبيه.
alerts-page = الصفحة { $page } من { $pages }
alerts-page-before = الصفحة السابقة
alerts-bulk = التنبيهات المحددة
alerts-steps-done = { $n ->
    [zero] لم يُعدَّل أي تنبيه.
    [one] عُدّل تنبيه واحد.
    [two] عُدّل تنبيهان.
    [few] عُدّلت { $n } تنبيهات.
    [many] عُدّل { $n } تنبيهًا.
   *[other] عُدّل { $n } تنبيه.
}
alerts-steps-refused = { $n ->
    [zero] لا تنبيهات غير معدلة.
    [one] لم يُعدَّل تنبيه واحد:
    [two] لم يُعدَّل تنبيهان:
    [few] لم تُعدَّل { $n } تنبيهات:
    [many] لم يُعدَّل { $n } تنبيهًا:
   *[other] لم يُعدَّل { $n } تنبيه:
}
alert-evidence = الأدلة
alert-version = الإصدار
alert-hold = تجميد نشط
alert-hold-choose = اختر
alert-hold-keep = إبقاؤه
alert-hold-release = رفعه
alert-hold-ends = حتى { $time }
alert-hold-asked = طلب رفعه { $person }
alert-case = القضية (فارغ: قضية جديدة)
alert-into-case = إلى قضية
alert-sentence = { $kind } بمبلغ { $amount } للعميل { $customer }: { $decision }، لأن { $reason }.
alert-sentence-plain = { $kind } للعميل { $customer }: { $decision }، لأن { $reason }.
alert-about = الحدث
alert-came-from = من أين جاءت الأموال
alert-went-to = إلى أين ذهبت أموال هذا العنوان
alert-share = { $direct } مباشر، { $indirect } غير مباشر
alert-unknown-share = لا يُعرف من أين جاء { $share } من الأموال.
alert-unknown-amounts = { $n } حركات بمبالغ غير معروفة ليست في أي حصة.
alert-way = الطريق
alert-sender = المرسل
alert-receiver = المستلم
alert-days = آخر 30 يومًا للعميل
alert-usual = المعتاد
alert-usual-text = { $value }، أعلى من { $below } من { $n } حركات سابقة من هذا النوع؛ وسيطها { $median } وأعلاها { $highest }.
alert-usual-unpriced = { $n } بقيمة غير معروفة لا تُقارن.
alert-usual-none = لا شيء للمقارنة: لا حركة سابقة من هذا النوع بقيمة معروفة.
alert-rule-alerts = التنبيهات
alert-similar = تنبيهات مشابهة
alert-similar-none = لا تنبيه آخر لهذا العميل أو الطرف المقابل أو القاعدة.
alert-shares = { $what }
alert-notes-none = لم يُتخذ إجراء بعد.
alert-whole = صفحة التنبيه كاملة
figure-flow = { $name }: الوارد { $received }، الصادر { $sent }.
figure-unpriced = { $n ->
    [zero] لا حركات غير مرسومة.
    [one] حركة واحدة بقيمة غير معروفة غير مرسومة.
    [two] حركتان بقيمة غير معروفة غير مرسومتين.
    [few] { $n } حركات بقيمة غير معروفة غير مرسومة.
    [many] { $n } حركة بقيمة غير معروفة غير مرسومة.
   *[other] { $n } حركة بقيمة غير معروفة غير مرسومة.
}
figure-cut = نُظر في أحدث { $n } أحداث فقط.
figure-hops = { $n ->
    [zero] دون خطوات
    [one] على بعد خطوة واحدة
    [two] على بعد خطوتين
    [few] على بعد { $n } خطوات
    [many] على بعد { $n } خطوة
   *[other] على بعد { $n } خطوة
}
figure-way = طريق الأموال: { $places }
figure-shared = { $n ->
    [zero] لا شيء مشترك
    [one] شيء واحد مشترك
    [two] شيئان مشتركان
    [few] { $n } أشياء مشتركة
    [many] { $n } شيئًا مشتركًا
   *[other] { $n } شيء مشترك
}
bench-reason-usual = نشاط متوقع من هذا العميل
bench-reason-known = طرف مقابل معروف أو محفظة خاصة
bench-reason-rule = القاعدة واسعة جدًا
bench-reason-reported = مؤكد؛ سيُبلَّغ عنه
bench-reason-told = مؤكد؛ العميل ضحية وقد أُخطر
bench-reason-open = الأدلة غير كافية
bench-key-move = التنبيه التالي والسابق
bench-key-open = فتح صفحة التنبيه
bench-key-assign = إسناد إليّ
bench-key-assign-to = إسناد إلى شخص
bench-key-close = إغلاق بسبب يُختار برقمه
bench-key-case = إلى قضية
bench-key-hold = إبقاء التجميد أو رفعه
bench-key-note = إضافة تعليق
bench-key-select = تحديد أو إلغاء التحديد
bench-key-range = التحديد حتى هنا؛ ومرة أخرى: حتى نهاية الصفحة
bench-key-bulk = ما يُفعل بالتنبيهات المحددة
bench-key-undo = التراجع عن آخر خطوة خلال 10 ثوانٍ
desk-own-alerts = تنبيهاتي
desk-no-own-alerts = لا تنبيه مفتوحًا مسندًا إليك.
desk-take-alerts = { $n ->
    [zero] لا تنبيهات بلا مسؤول
    [one] تنبيه واحد بلا مسؤول
    [two] تنبيهان بلا مسؤول
    [few] { $n } تنبيهات بلا مسؤول
    [many] { $n } تنبيهًا بلا مسؤول
   *[other] { $n } تنبيه بلا مسؤول
}
desk-all-own-alerts = كل تنبيهاتي
desk-own-tasks = مهامي
desk-approvals = في انتظار موافقتك
desk-clocks = ينقضي قريبًا
desk-mentions = ذُكرت في
desk-mention = الإشارة
desk-mark-read = وضع علامة مقروء
desk-nothing-waits = لا مهمة ولا موافقة ولا إشارة ولا موعد في انتظارك.
customers-parts = أجزاء الصفحة
customers-overview = نظرة عامة
customers-activity = النشاط
customers-network = الشبكة
customers-notes = الملاحظات
customers-note = ملاحظة (اذكر زميلًا بصيغة @الاسم)
customers-no-note = لم يدوّن أحد شيئًا.
customers-rated = صنفته منصة التداول { $risk }
customers-unrated = لم تصنفه منصة التداول
customers-checked = التحقق من الهوية: { $result }
customers-unchecked = لم يُصرَّح بتحقق من الهوية
customers-open-alerts = التنبيهات المفتوحة
customers-sharing-short = عملاء يشتركون في شيء
customers-flows = الوارد والصادر بحسب الشهر
customers-no-flow = لم يرد شيء ولم يصدر.
customers-exposures = مصدر الإيداعات بحسب القيمة
customers-no-exposure = لا يُعرف مصدر أي إيداع.
customers-exposures-about = { $known } إيداعات معروفة القيمة والمصدر؛ و{ $unknown } غيرها ليست في أي جزء.
customers-balances = الأرصدة كما ذكرتها الأحداث أخيرًا
customers-no-balance = لا حدث يذكر رصيدًا.
customers-balance-at = ذُكر
customers-shares-nothing = لا عميل آخر يشترك في جهاز أو بطاقة أو حساب مصرفي أو وثيقة أو بريد أو هاتف.

alerts-in-time = في الموعد
alerts-soon = قريبًا
alerts-late = متأخرة
nav-dashboard = لوحة المعلومات
dash-window = الأيام:
dash-week = آخر 7
dash-month = آخر 30
dash-quarter = آخر 90
dash-year = آخر 365
dash-from = من
dash-to = إلى
dash-about = أيام كاملة بالتوقيت العالمي، { $days } على الأكثر. القيم بعملة المرجع وبأسعار الآن.
dash-day = اليوم
dash-what = ماذا
dash-list = فتح القائمة
dash-nothing = لا شيء في هذه الأيام.
dash-found = { $totals }؛ الأكثر: { $label } بعدد { $most }.
dash-found-totals = { $totals }.
dash-found-times = في آخر يوم فيه تنبيهات مغلقة أُغلق نصفها خلال { $median }، و95% خلال { $high }.
dash-found-precision = كانت { $right } تنبيهات صحيحة و{ $wrong } خاطئة؛ والخطوط فترات ثقة 95%.
dash-found-lag = { $chain } الأكثر تأخرًا عن عقدتها: { $lag }.
dash-seconds = { $n } ث
dash-minutes = { $n } د
dash-hours = { $n } س
dash-days = { $n } ي
dash-blocks = { $n ->
    [zero] لا كتل
    [one] كتلة واحدة
    [two] كتلتان
    [few] { $n } كتل
    [many] { $n } كتلة
   *[other] { $n } كتلة
    }
dash-decisions = القرارات بحسب اليوم
dash-rules = المطابقات بحسب القاعدة
dash-rule-days = المطابقات بحسب اليوم، للقواعد الأكثر مطابقة
dash-alerts = التنبيهات المفتوحة والمغلقة
dash-ages = التنبيهات المفتوحة بحسب العمر
dash-outcomes = نتائج التنبيهات المغلقة
dash-precision = الدقة بحسب القاعدة
dash-times = الزمن من التنبيه إلى إغلاقه
dash-agencies = الطلبات بحسب الجهة
dash-countries = الطلبات بحسب البلد
dash-clocks = الطلبات المفتوحة بحسب الوقت المتبقي
dash-holds = القيمة المجمدة والمفرج عنها
dash-assets = التجميدات القائمة بحسب الأصل
dash-money = الأموال المتتبَّعة والمجمدة والمصادرة
dash-people = العمل بحسب الشخص
dash-followers = الدفاتر المتأخرة عن عقدها
drafts-list = مسودات مجموعة القواعد
drafts-draft = المسودة
drafts-title = العنوان
drafts-author = بدأها
drafts-begun = بدأت
drafts-changed = عُدّلت
drafts-base = من الإصدار
drafts-none = لا توجد مسودات.
drafts-change = (التغيير { $id })
drafts-begin = بدء مسودة
drafts-begin-about = تبدأ المسودة بالنص الساري. ولا تغيّر أي قرار حتى تُقترح ويوافق عليها شخص آخر.
drafts-page = المسودة { $id }: { $title }
drafts-text = النص (YAML)
drafts-save = حفظ
drafts-no-fault = النص مجموعة قواعد.
drafts-line = السطر { $n }
drafts-field = الحقل
drafts-comparison = المقارنة
drafts-value = القيمة
drafts-condition = الشرط { $n }
drafts-add-rule = إضافة قاعدة تجريبية
drafts-differences = الاختلافات
drafts-same = النصوص متطابقة.
drafts-removed = أُزيل
drafts-added = أُضيف
drafts-test = الاختبار على السجل السابق
drafts-testing = أُعيد حساب { $done } حدث.
drafts-reload = إعادة التحميل
drafts-test-failed = فشل الاختبار: { $why }
drafts-tested = اختُبرت { $time }.
drafts-stale = عُدّل النص بعد هذا الاختبار.
drafts-untested = لم تُختبر بعد.
drafts-found = من { $events } حدث كان سيُبتّ في { $changed } على نحو آخر؛ وكان سيُبتّ في { $customers } عميل بصرامة أكبر.
drafts-move = من { $before } إلى { $after }
drafts-stricter = قرارات أشد
drafts-milder = قرارات أخف
drafts-known = { $right } كانت صحيحة، { $wrong } خاطئة، { $unknown } بلا نتيجة معروفة
drafts-hits = المطابقات بحسب القاعدة
drafts-before = قبل
drafts-after = بعد
drafts-examples = أول { $n } أحداث تتغير
drafts-gained = قواعد صارت مستوفاة
drafts-lost = قواعد لم تعد مستوفاة
drafts-end = الاقتراح أو التخلي
drafts-end-about = ما يُقترح ينتظر موافقة شخص آخر.
drafts-submit = اقتراح
drafts-discard = تخلٍّ
drafts-version = الإصدار { $version }: الاختلافات
drafts-since = ما يختلف في الإصدار { $version } عن الإصدار { $since }.
drafts-restore = استعادة هذا الإصدار
drafts-restore-about = يقترح نص الإصدار { $version } ليكون التالي؛ ويوافق عليه شخص آخر.
word-discarded = متخلى عنه
nav-watch-lists = قوائم المراقبة
nav-notifications = الإشعارات
watch-about = تُفحص قوائمك مرة كل دقيقة، إلا في وقت هدوئها؛ ويخبر أول فحص بعده بما حدث في الأثناء. ولا يخبر أول فحص لعنصر بشيء.
watch-none = ليست لديك قائمة.
watch-make = إنشاء قائمة
watch-list = قائمة
watch-list-name = الاسم
watch-when = تخبر عندما
watch-items = العناصر
watch-item = العنصر
watch-quiet = الهدوء
watch-moves = تتحرك أموال
watch-new-tag = يوجد وسم جديد
watch-receives = يستلم أكثر من (عملة المرجع)
watch-touches = يمس فئات
watch-quiet-from = الهدوء من (بالتوقيت العالمي)
watch-quiet-to = حتى
watch-mail = إرسال ملخص بالبريد إلى
watch-no-time = «{ $text }» ليس وقتًا من اليوم، مثل 22:30
watch-no-amount = «{ $text }» ليس مبلغًا، مثل 1000 أو 1000.50
watch-address = عنوان
watch-entity = كيان عنوان
watch-name = اسم وسم
watch-value = ماذا
watch-values = عناوين أو عملاء أو أسماء، واحد في كل سطر
watch-checked = آخر تغير
watch-unchecked = لم يُفحص بعد
watch-problem = لم يُبحث عنه: { $what }
watch-no-item = القائمة فارغة.
watch-off = إزالة
watch-add = إضافة عناصر
watch-settings = الإعدادات
watch-remove = حذف القائمة
watch-up-to = الرقم
watch-what = ما حدث
watch-new = جديد
watch-seen = وضع علامة مرئي على الكل
watch-nothing = لم يُخبر بشيء بعد.
word-entity = كيان
audit-chain = السلسلة
audit-head = الرأس هو القيد { $n } بتاريخ { $time }، بالتجزئة
audit-verify = التحقق من السجل كله
audit-verified = كل القيود وعددها { $n } والجداول التي تثبتها والمراسي متفقة.
audit-broken = السجل أو جداوله أو مراسيه غير متفقة:
audit-entries = القيود
audit-no-entry = لا يوجد قيد كهذا.
audit-cut = في هذا الملف أحدث { $n } قيود فقط
typology-title = الأنماط
typology-about = المطابقات والدقة للقواعد التي تذكر نمطًا، في إصداراتها السارية: يُعدّ التنبيه صحيحًا أو خاطئًا متى أُغلق.
typology-meaning = المعنى
typology-rules = القواعد
typology-hits = المطابقات
typology-no-rule = لا قاعدة تذكره
typology-unmeasured = لم يُقس بعد

holds-address-confirmed = أكد العميل هذا العنوان: لا يُحذَّر منه ثانية.
graph-several-chains = يوجد { $subject } على عدة سلاسل. اختر التي يُبدأ بها:
rules-older-versions = إصدارات أقدم
events-linked-first = بُحث عن صفحات أول { $n }؛ والباقي بلا روابط.
ledgers-title = الدفاتر
ledgers-intro = يتحقق الفحص من كل صف ومفتاح ورصيد في الدفتر وما يرافقه. تُنشأ الروابط والإشارات من جديد من كتل السلسلة التي تُقرأ ثانية؛ والعناقيد من الدفتر. وإذا لم يُعلَّم شيء أُنشئت الثلاثة كلها.
ledgers-chain = السلسلة
ledgers-checked = آخر فحص
ledgers-never = لم تفحصه مهمة بعد
ledgers-found = { $time }: المشكلات { $n }
ledgers-check = فحص
ledgers-rebuild = إنشاء من جديد
ledgers-links = الروابط
ledgers-signals = الإشارات
ledgers-clusters = العناقيد
customers-found-cut = هؤلاء أول { $n } ممن عُثر عليهم؛ وقد يوجد غيرهم. اكتب مزيدًا مما يحدد العميل.
customers-sharing-cut = لم يُدرج جميع العملاء الذين يشتركون في شيء.
customers-notes-cut = تُعرض أحدث { $n } ملاحظات فقط؛ وهناك ملاحظات أقدم.
desk-more-waits = ينتظرك أكثر مما هو مدرج هنا: القوائم مقطوعة عند حدها الأقصى.
desk-show-graph = عرض في المخطط
alerts-view-unreadable = لم تعد قابلة للقراءة؛ احفظها من جديد

# Tags and packs
nav-tags = الوسوم
nav-packs = حزم الوسوم
tags-about = خُزّن { $n } من الوسوم. لا تُدرج الوسوم التي لا يسمح لك مستوى TLP الخاص بها بقراءتها. تأتي المستوردة أخيرًا أولًا.
tags-text = عنوان، أو جزء من الوسم أو الجهة أو المصدر
tags-any = أي
tags-actor = الجهة (المعرّف)
tags-none = لا يوجد وسم مطابق.
tags-own = الوسوم الخاصة
tags-own-about = ما يثبته أفراد هذا المكتب عن العناوين. يُحتسب الوسم الخاص في التعرضات والقواعد كأي وسم آخر؛ وكل تغيير مسجل في سجل التدقيق مع سببه.
tags-no-own = لا توجد وسوم خاصة بعد.
tags-conflicts = الوسوم المتعارضة
tags-conflicts-about = عناوين تسمّي وسومها جهات مختلفة أو فئات متنافية: { $n }. يُعتد بالوسم الأعلى خطرًا، وعند التساوي بالأوثق.
tags-no-conflict = لا توجد وسوم متعارضة.
tags-field = موضع التعارض
tags-values = القيم وحزمها
tags-of-cluster = يسري على كامل مجموعة العنوان
tags-edit = تحرير
tags-add = إضافة وسم خاص
tags-change = تغييره
tags-remove = إزالته
tags-choose = اختر
tags-readers = من يجوز له قراءته (TLP)
tags-unlabelled = بلا تصنيف: يُحتسب TLP:AMBER
tags-no-value = '{ $text }' ليست من القيم المتاحة
packs-about = الحزم والقوائم التي تأتي منها الوسوم. تُحتسب الوسوم التي يجوز لك قراءتها.
packs-none = لا توجد حزمة.
packs-creator = المُعِدّ
packs-sanctioned = خاضعة لعقوبات
packs-readers = أشد تصنيف (TLP)
packs-without-label = { $n } بلا تصنيف
packs-modified = آخر تعديل
packs-imported = الاستيراد
packs-not-recorded = غير مسجل
packs-source = مصدر شريك
packs-of-source = تنتمي الحزمة إلى مصدر شريك: تُسحب من صفحة المصدر.
packs-withdraw = سحب الحزمة
packs-withdraw-about = تزول جميع وسومها (ترى منها { $n }) مع أثرها على التعرضات، ويُعاد فحص التحويلات السابقة.
packs-import = استيراد حزمة
packs-formats = ‏TagPack أو ActorPack ‏(.yaml)، أو جدول (.csv يضم address وcurrency وlabel وsource)، أو sdn_advanced.xml أو cons_advanced.xml أو sanctioned_addresses_ASSET.txt من OFAC، أو وسوم مستكشف كتل (مثل etherscan.json). ‏64 ميبيبايت كحد أقصى. الملف الذي يتجاوز 4 ميبيبايت تستورده مهمة تبيّن صفحتها مدى تقدمها.
packs-label = تصنيف الوسوم التي بلا تصنيف
packs-unlabelled = بلا: تُحتسب TLP:AMBER
packs-clear = TLP:CLEAR
packs-green = TLP:GREEN
packs-amber = TLP:AMBER
packs-strict = TLP:AMBER+STRICT
packs-red = TLP:RED
packs-imported-title = ما جرى استيراده
packs-done = الوسوم المقروءة: { $tags }، الجديد منها: { $new }. الجهات: { $actors }. يُعاد فحص التحويلات السابقة.
packs-without-owner = بلا أثر لأن لا أحد يتحكم في العنوان: { $n }
packs-unmatchable = لا تطابق شيئًا لأن العنوان ليس من عناوين أصله: { $n }
packs-without-chain = ليست من أي سلسلة لدى هذا المكتب، وتُطابق بالعنوان وحده: { $n }
packs-by-category = حسب الفئة
packs-by-asset = حسب الأصل
packs-by-chain = حسب السلسلة
packs-unknown-categories = فئات لا يعرفها التصنيف
packs-warnings = ما تُرك أو افتُرض
packs-more-warnings = لم تُعرض { $n } أخرى؛ يعرض الأمر وواجهة API المزيد.

# Outbox
nav-outbox = الصادر
outbox-about = البريد والرسائل التي يرسلها المكتب تلقائيًا. لا يُعرض نص الرسالة: فقد يحوي رمزًا، ويُحذف بعد إرسالها. ينتظر البريد ما دام الخادم بلا خادم بريد.
outbox-none = لا يوجد بريد.
outbox-mail = الرسالة
outbox-subject = الموضوع
outbox-waiting = قيد الانتظار
outbox-failing = متعثرة
outbox-sent = مرسلة
outbox-sent-at = أُرسلت في { $time }
outbox-failed = محاولات فاشلة: { $n }
outbox-next = تُعاد المحاولة في { $time }
outbox-retry = المحاولة الآن
outbox-webhooks = إضافة خطافات الويب وإزالتها

# Prices
nav-prices = الأسعار
prices-about = قيمة الأصول بعملة { $currency } للأحداث التي لا تذكر قيمة. يُعد السعر الأقدم من { $hours } ساعة قديمًا: يبقى معتمدًا وتُقارن العتبات به. الأصل بلا سعر يُقيَّم بما تقوله أحداثه وحدها.
prices-none = لا توجد أسعار: تُقيَّم الأحداث بما تقوله وحدها.
prices-price = السعر
prices-set-at = وقت التحديد
prices-age = العمر
prices-stale = قديم
prices-are-stale = أسعار قديمة: { $n }. تستند إليها القيم والعتبات.
prices-set = تحديد سعر يدويًا
prices-set-about = عدد من وحدات الأصل يساوي كذا بعملة { $currency }. إذا لم تكن المنازل العشرية للأصل معروفة هنا فالكمية بالوحدات الأساسية. يسري السعر من الآن، ويُسجل السبب في سجل التدقيق.
prices-amount = كمية الأصل
prices-worth = تساوي
prices-no-amount = '{ $text }' ليس مبلغًا أكبر من الصفر بحد أقصى { $n } من المنازل العشرية، مثل 1 أو 0.5
prices-too-large = كبير جدًا

# Providers
nav-providers = المزودون
providers-about = مزودون آخرون يُستعلم منهم عن كل تحويل على السلسلة. الأعداد منذ بدء تشغيل الخادم. المزود الذي لا يجيب يبقى خطره مجهولًا، وتراه القواعد مزودًا متعذرًا.
providers-none = لا يوجد مزود متصل. يُشغّل الخادم بالخيار ‎--providers‎ مع ملف يسمّيهم.
providers-connected = المزودون المتصلون
providers-provider = المزود
providers-questions = الاستعلامات
providers-answers = الإجابات
providers-cached = من الذاكرة المؤقتة
providers-not-sent = لم تُرسل
providers-last = آخر إجابة وآخر إخفاق
providers-chains = السلاسل المشمولة
providers-asked = يُستعلم منه
providers-left-alone = لا يُستعلم منه: يخفق مرارًا
providers-tried-once = تُجرّب مرة واحدة لمعرفة هل عاد يجيب
providers-answered-at = أجاب في { $time }
providers-never-answered = لم يجب بعد
providers-failed-at = أخفق في { $time }:
providers-ask = الاستعلام عن عنوان
providers-ask-about = يُرسل الأصل والعنوان إلى كل مزود متصل، ولا يُرسل أي عميل.
providers-of = ما يقوله المزودون عن { $address }
providers-risk = الخطر
providers-says = ما يقوله
providers-from-cache = (من الذاكرة المؤقتة)
providers-risk-none = لا شيء
providers-risk-low = منخفض
providers-risk-medium = متوسط
providers-risk-high = مرتفع
providers-risk-severe = بالغ
watch-this = مراقبة { $what }
watch-put-on = إضافة إلى { $list }
watch-no-list-yet = ليست لديك قائمة بعد. أنشئ واحدة أدناه: ما تريد مراقبته ينتظر في نموذجها.
holds-token = رقم النموذج
holds-all = كل ما للعميل
holds-all-of-asset = كل ما في أصل واحد
holds-an-amount = مبلغ من أصل
holds-place = فرض تجميد
holds-place-about = الأصل لازم ما لم يشمل التجميد كل شيء، والمبلغ لازم فقط عند تجميد مبلغ: وهو بوحدة الأصل، مثل 0.5 BTC. تفرض القواعد التجميد على الإيداعات المفردة.
holds-no-decimals = المنازل العشرية للأصل { $asset } غير معروفة هنا؛ جمّد كل ما فيه أو أعط الوحدات الأساسية عبر الواجهة البرمجية
holds-no-amount = “{ $text }” ليس رقمًا بعدد منازل عشرية لا يتجاوز { $places }

# Learned models
models-title = النماذج المتعلَّمة
models-about = يقيّم النموذج الأحداث، ويجوز للقواعد أن تستعمل تقييمه، وهو لا يقرر شيئًا بنفسه. يعتمد النموذجَ الرئيسي شخصان. ومن دون نموذج رئيسي تقرر القواعد وحدها.
models-none = لا نماذج: القواعد تقرر وحدها.
models-model = النموذج
models-purpose = الغرض
models-since = منذ
models-proposed = الاقتراح
models-proposed-by = اقترحه { $person } نموذجًا رئيسيًا؛ ويوافق عليه شخص آخر
models-no-hash = يُسمّى النموذج بقيمة SHA-256 الخاصة به، وهي 64 رقمًا ستة عشريًا
models-interval = { $value } (من { $low } إلى { $high })
models-card = بطاقة النموذج: { $purpose }
models-added = أضافه
models-step = الخطوة
models-to-shadow = وضعه في الظل
models-to-champion = اقتراحه نموذجًا رئيسيًا أو الموافقة عليه
models-to-retired = إيقاف استعماله
models-two-people = يقترح النموذجَ الرئيسي شخصٌ ويوافق عليه شخص آخر بالخطوة نفسها. والعودة إلى القواعد وحدها تكفي لها موافقة شخص واحد، فورًا.
models-imported = مستورد: لا يُعرف على ماذا دُرّب ولا مدى جودته هنا.
models-measured = على ماذا قيس
models-trained-on = دُرّب على أحداث
models-measured-on = قيس على
models-events = عدد الأحداث { $n }، منها إيجابية { $positives }
models-average-precision = متوسط الدقة (فترة 95%)
models-auc = المساحة تحت منحنى ROC
models-at-budget = الدقة عند ميزانية المحللين (فترة 95%)
models-base-rate = الإنذارات الصحيحة حيث { $share } من الأحداث إيجابية
models-limits = ما لا يستطيعه
models-features = ما ينظر إليه
models-usual = المعتاد { $median }، و95% لا تتجاوز { $most }
models-fairness = معدلات الإنذار حسب مجموعات الناس
models-fairness-about = معدلات تعطيها عتبة النموذج على أحدث الأحداث المقيَّمة. لا يرى النموذج البلد ولا العمر؛ ويُستعملان لهذا الجدول فقط. أقل من أربعة أخماس: نسبة من لا إنذار لهم أقل من أربعة أخماس نسبة أفضل مجموعة.
models-fairness-none = لم تُقيَّم أحداث بعد، فلم تُقَس المعدلات.
models-group = المجموعة
models-rows = الأحداث
models-alerts = مع إنذار
models-false-alerts = إنذارات كاذبة
models-four-fifths = أربعة أخماس
models-below = أقل
models-not-below = ليس أقل
models-few = أقل من أن يُحكم عليها
models-drift = الانحراف
models-drift-about = الأيام السبعة الأخيرة، { $n } حدثًا، مقارنة بأحداث التدريب:
models-drift-score = قيمة PSI للتقييم { $psi }:
models-drift-quiet = لا تحوّل
models-drift-few = الأحداث أقل من أن يُحكم عليها
models-drift-note = تحوّل يستحق الانتباه
models-drift-alert = تحوّل كبير
models-feature = السمة
models-psi = PSI
models-drift-verdict = المعنى
models-compare = المقارنة بالنموذج الرئيسي
models-challenger = المنافس
models-budget = نسبة الأحداث التي تُراجَع
models-evidence-few = التصنيفات قليلة: يلزم 200 إنذار مغلق على الأقل، منها الصحيح ومنها الخاطئ.
models-evidence-no = لم يثبت أن المنافس أفضل.
models-evidence-yes = المنافس أفضل عند هذه الميزانية.
models-labelled = الأحداث المراجَعة
models-difference = المنافس ناقص الرئيسي، متوسط الدقة
models-agreement = التوافق ضمن الميزانية (Jaccard)
models-cut = قورنت أحدث { $n } حدث فقط.
models-said = ما قالته النماذج المتعلَّمة
models-said-about = احتمال مع السمات التي حرّكته أكثر من غيرها. وهو لا يقرر شيئًا بنفسه.
alerts-triage = الاحتمال والقيمة المعرّضة للخطر
alerts-triage-none = غير مقيَّم
packs-job-title = استيراد الوسوم
packs-job-of = أُدخل { $done } من { $all } من الوسوم.
packs-job-reading = الملف ينتظر دوره أو تجري قراءته.
packs-job-left = يمكنك مغادرة هذه الصفحة: يستمر الاستيراد.
packs-job-failed = لم يُستورد شيء: { $why }
packs-job-old = اكتملت. لم تعد نتيجتها محفوظة.
packs-job-again = النظر مجددًا
jobs-cancel = إلغاء المهمة
packs-licence = الترخيص
packs-licence-unknown = غير مذكور

models-card-pdf = بطاقة النموذج بصيغة PDF
models-week = الأسبوع من
models-reviewed = تمت مراجعتها ضمن الميزانية
models-precision = الدقة عند ميزانية المحللين حسب الأسبوع
models-precision-about = من الأحداث التي راجعها شخص ما خلال أسبوع، { $share } ذات أعلى الدرجات: كم منها كان جريمة، مع فترة ويلسون بنسبة 95%. لا تُحسب أحداث فترة التدريب.
models-precision-few = التصنيفات في الأسابيع الأربعة الأخيرة قليلة جدًا للحكم: يلزم 20 ضمن الميزانية.
models-precision-no-bound = مستورد: لا شيء يحدد ما ينبغي أن تكون عليه دقته.
models-precision-within = الأسابيع الأربعة الأخيرة ضمن الحد.
models-precision-below = الأسابيع الأربعة الأخيرة دون الحد: يتراجع النموذج البطل وتقرر القواعد وحدها.
models-precision-bound = الحد: { $bound }، نصف ما قاسه التدريب.
models-precision-cut = لم تُحسب إلا أحدث الأحداث المصنفة؛ الأسبوع الأقدم غير مكتمل.
models-audit = عينة تدقيق الأحداث بلا تنبيه
models-audit-about = كل يوم يُسحب 0.5% من الأحداث التي لم تثر تنبيهًا. ما يجده المراجعون يقيس ما تفوته القواعد، وهو تصنيف للتدريب.
models-audit-event = الحدث
models-audit-drawn = المسحوبة من الأحداث بلا تنبيه
models-audit-rate = الأحداث بلا تنبيه التي هي جريمة (فترة 95%)
models-audit-no-rate = غير معروف قبل مراجعة حدث
models-audit-open = بانتظار المراجعة
models-audit-closed = تمت مراجعتها
models-audit-none = لا حدث ينتظر.
models-audit-waits = بانتظار المراجعة
models-audit-close = تسجيل المراجعة
models-audit-nothing = لم يُعثر على شيء
models-audit-crime = جريمة لم تكشفها أي قاعدة
models-train = تدريب نموذج
models-train-of = تدريب: { $purpose }
models-train-about = تُعاد الأحداث بالترتيب كي تكون لكل حدث الخصائص التي كانت معروفة عند اتخاذ القرار. التسميات هي نتائج التنبيهات وعينة التدقيق والتحذيرات والبلاغات والقضايا والإشارات والوسوم الأحدث، وما تضيفه هنا وهو الذي يُرجَّح. يأتي النموذج كمسودة. تُستبعد أحداث آخر 14 يومًا ما لم تحدد يومًا: فقد تصل تسمياتها لاحقًا.
models-train-start = بدء التدريب
models-train-budget = نسبة الأحداث التي يستطيع المحللون مراجعتها، أكبر من 0 وحتى 1 (0.01 إن تُركت فارغة)
models-train-until = الأحداث قبل هذا اليوم فقط (يمكن تركه فارغًا)
models-train-labels = تسميات إضافية بصيغة CSV مع الترويسة event,label (يمكن تركها فارغة)
models-train-latest = آخر تدريب لكل غرض
models-train-none = لم يُدرَّب شيء بعد.
models-train-waiting = ينتظر دوره
models-train-running = التدريب جارٍ
models-train-done = اكتمل: النموذج مسودة
models-train-failed = فشل أو أُوقف
models-train-replayed = قيود السجل المُعادة
models-train-by = بدأه
models-train-ended = انتهى
models-train-again = تُحمَّل هذه الصفحة من جديد ما دام التدريب جاريًا. يمكنك مغادرتها.
models-train-stop = إيقاف التدريب
models-train-drafts = مسودات هذا الغرض
models-import = استيراد نموذج
models-import-about = يحتاج ملف LightGBM (نص، الإصدار 4) أو XGBoost (JSON) إلى جدول من 100 صف على الأقل بالدرجات التي أعطتها المكتبة؛ ويُرفض إن لم تُستخرج كل درجة كما هي. لا يحتاج ملف Holdfast (.hfm) إلى جدول وهو يذكر غرضه بنفسه. يأتي النموذج كمسودة.
models-import-start = استيراد
models-import-origin = المصدر
models-import-holdfast = Holdfast (HFM1)
models-import-lightgbm = LightGBM
models-import-xgboost = XGBoost
models-import-purpose = غرض نموذج LightGBM أو XGBoost
models-import-file = ملف النموذج
models-import-scores = جدول درجاته (CSV: الخصائص بأسمائها ثم score بلوغاريتم الأرجحية)
models-import-no-scores = تحتاجه ملفات LightGBM وXGBoost: 100 صف على الأقل بالدرجات التي أعطتها المكتبة
models-import-no-text = ليس نصًا بترميز UTF-8
models-import-features = الخصائص التي يمكن أن تكون لنماذج الأحداث

suggestions-title = وسوم مقترحة
suggestions-about = ما يقوله نموذج متعلَّم عن العناوين بحسب مدفوعاتها في السجل. الاقتراح ليس وسماً: لا يحتسبه أي تعرّض ولا أي قاعدة قبل أن يقبله شخص. وبحسب المعدلات الأساسية فإن كثيراً منها خاطئ.
suggestions-none = لا يوجد اقتراح.
suggestions-probability = الاحتمال
suggestions-block = حتى الكتلة
suggestions-payments = المدفوعات
suggestions-seen = ما فُحص
suggestions-blocks = الكتل { $from } إلى { $block }
suggestions-since = الأولى
suggestions-reasons = لماذا يقترحه النموذج
suggestions-decision = القرار
suggestions-decision-about = القبول ينشئ وسماً خاصاً مصدره النموذج. والاقتراح المرفوض لا يتكرر، ويصبح بياناً للتدريب التالي.
suggestions-accept = قبول كوسم خاص
suggestions-reject = رفض
suggestions-one = اقتراح للعنوان { $address }
models-audit-reviewed = تمت مراجعتها
packs-not-recorded-about = حيث يرد «غير مسجل» استُوردت الحزمة بأمر على المخزن أو قبل تسجيل عمليات الاستيراد.
nav-retention = الاحتفاظ بالبيانات
retention-about = مدة الاحتفاظ بالسجلات بعد أحدثها والقانون الذي ينص على ذلك. تُحفظ السجلات التي لا مدة لنوعها دائمًا.
retention-kind = السجلات
retention-records = ما ذكرته المنصة عن العميل
retention-events = الأحداث والقرارات والتنبيهات
retention-requests = طلبات جهات إنفاذ القانون
retention-cases = القضايا
retention-reports = التقارير إلى السلطات
retention-days = الأيام
retention-basis = القانون
retention-set-by = حددها
retention-none = لم تُحدد أي مدة: لا يمكن محو شيء.
retention-customer = العميل
retention-files = قيم SHA-256 للملفات التي تُحذف لأنها تذكر العميل، مفصولة بمسافات
retention-holds = الحجز القانوني
retention-holds-about = ما دام الحجز القانوني قائمًا، لا يُمحى شيء عن العميل مهما كانت المدد.
retention-no-holds = لا يوجد حجز قانوني.
retention-placed = وُضع
retention-state = الحالة
retention-lifted = رُفع
retention-stands = قائم
retention-lift = رفع
retention-place = وضع الحجز
retention-erasures = عمليات المحو
retention-erasures-about = يقترح شخص المحو وينفذه شخص آخر. يُستبدل ما يعرّف العميل في كل مكان بأسماء مستعارة لا يستطيع أحد ردها؛ ويذكر ذلك سجل التدقيق، ويُقرأ كل صف وكل ملف من جديد.
retention-no-erasures = لم يُقترح أي محو.
retention-proposed = اقتُرح
retention-waits = ينتظر شخصًا آخر
retention-done = نُفذ
retention-rejected = رُفض
retention-erase = محو نهائي
retention-reject = رفض
retention-propose = اقتراح المحو
retention-replaced = استُبدلت { $values } قيمة في { $rows } صفًا.
retention-read = أُعيدت قراءة { $rows } صفًا من { $tables } جدولًا: لا يذكر أي منها العميل.
retention-shared = قيم الحقل { $field } التي لدى عميل آخر أيضًا فبقيت: { $n }
retention-by-field = قيم أقصر من أن تُميز عن غيرها واستُبدلت حيث يسميها حقلها فقط: { $n }
retention-deleted = ملفات حُذفت: { $n }
retention-no-files = لم تُقرأ الملفات: لا مجلد للمخزن.
retention-files-read = ملفات أُعيدت قراءتها: { $n }
retention-still = لا تزال هذه الملفات تذكر العميل:
retention-closed = ملفات تعذر النظر فيها: { $n }
models-accounts = التدريب على حسابات سلسلة
models-accounts-about = يقترح نموذج الحسابات وسومًا. يتعلم من عناوين في سجل هذا الخادم تصنفها أنت، من مدفوعاتها والمدفوعات المحيطة بها. يجب اختيار الفئتين بالطريقة نفسها.
models-accounts-chain = سلسلة الحسابات، مثل ethereum
models-accounts-labels = العناوين والتصنيفات بصيغة CSV مع الترويسة address,label (positive أو negative)
models-accounts-whole-chain = التعلم أيضًا من أعداد السلسلة كلها المثبتة لها
retention-interrupted = استبدلت محاولة سابقة قيم العميل وانتهت قبل إعادة قراءة كل شيء. لم تعد القيم معروفة: لم يُبحث عنها، وقد يذكرها ما كُتب عن العميل في تلك الأثناء.
retention-running = تنفذها مهمة: قُرئ { $rows } من الصفوف.
people-directory = الدليل
people-directory-about = ينشئ دليل المؤسسة الأشخاص ويغيرهم ويوقفهم عبر SCIM 2.0 على هذا العنوان، بمفتاح خاص به ينشئه هذا الأمر ويوافق عليه شخص ثانٍ:
