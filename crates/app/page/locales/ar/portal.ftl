# The officers' portal.
portal-nav = البوابة
portal-home-title = طلباتك
portal-home-none = لم ترسل أي طلب بعد.
portal-home-reference = الرقم المرجعي

portal-sign-in-title = بوابة الطلبات
portal-sign-in-heading = بوابة طلبات جهات إنفاذ القانون
portal-sign-in-intro = أدخل بريدك الرسمي. يجب أن يتبع نطاق بريد لجهتك تحققت منه منصة التداول. ستتلقى رمزًا بالبريد.
portal-sign-in-email = البريد الرسمي
portal-sign-in-name = الاسم (في المرة الأولى فقط)
portal-sign-in-button = إرسال رمز

portal-code-title = رمزك
portal-code-intro = إذا كان { $email } مقبولًا فقد أُرسل إليه رمز بالبريد. يصلح الرمز مرة واحدة، لمدة 15 دقيقة. ويمكن إرسال رمز آخر بعد ثلاث دقائق.
portal-code-label = الرمز
portal-code-again = استخدم بريدًا آخر أو اطلب رمزًا آخر

portal-factor-title = العامل الثاني
portal-factor-passkey = استخدام مفتاح المرور
portal-factor-app = أو تطبيق مصادقة
portal-factor-intro = أضف هذا السر إلى تطبيق المصادقة، ثم أدخل الرمز الذي يعرضه التطبيق. يُعرض السر مرة واحدة.
portal-factor-open = فتح في التطبيق
portal-factor-secret = { $link }، أو اكتب السر: { $secret }
portal-factor-code = رمز التطبيق

portal-passkey-intro = يُحفظ مفتاح المرور في حاسوبك أو هاتفك أو مفتاح الأمان، ويُفتح ببصمة أو رقم PIN. ولا يعمل إلا في هذا الموقع، فلا يستطيع موقع آخر الحصول عليه.
portal-passkey-name = اسم الجهاز
portal-passkey-default-name = جهازي
portal-passkey-add = إضافة مفتاح مرور

portal-waiting-title = في انتظار الموافقة
portal-waiting-text = تم التحقق من بريدك وعاملك الثاني. يوافق عليك بعد ذلك شخص في منصة التداول، وعندها تتلقى رسالة بالبريد.

portal-me-title = الملف الشخصي والمفاتيح
portal-me-intro = تُشفَّر الردود لهذه المفاتيح. أنشئ مفتاحًا بالأمر { $command }؛ ويبقى جزؤه السري لديك.
portal-me-recipients = مستلمو age، واحد في كل سطر
portal-me-passkeys = مفاتيح المرور
portal-me-passkey = { $name }، منذ { $created }
portal-me-passkey-used = آخر استخدام { $used }
portal-me-passkey-remove = إزالة { $name }
portal-me-app = إعداد تطبيق مصادقة أيضًا

portal-new-title = طلب جديد
portal-new-sender = من { $name }، { $agency }.
portal-new-token = النموذج
portal-new-reference = رقمك المرجعي
portal-new-kind = نوع الطلب
portal-new-process = السند القانوني
portal-new-targets = موضوعات الطلب
portal-new-more = حتى { $rows } أخرى
portal-new-rows = يحتاج كل صف إلى جميع خاناته
portal-new-target = نوع الموضوع
portal-new-value = القيمة
portal-new-asset = الأصل، إن وجد
portal-new-from = من (عناوين IP؛ بالتوقيت العالمي)
portal-new-to = إلى
portal-new-scope = الحدود (الأوقات بالتوقيت العالمي)
portal-new-scope-from = الفترة من
portal-new-scope-to = الفترة إلى
portal-new-accounts = الحسابات
portal-new-assets = الأصول
portal-new-classes = فئات البيانات (لا تشمل التجميد والمصادرة)
portal-new-states = الأمر هو، أو ينص على
portal-new-emergency = عاجل، وفق تعريف السند القانوني
portal-new-gag = عدم إخطار المستخدم قبل
portal-new-statement = الأسباب

portal-class-subscriber = المشترك: الاسم والميلاد والإقامة والبريد والهاتف
portal-class-kyc = وثائق ونتائج التحقق من الهوية (KYC)
portal-class-access = عناوين IP والأجهزة، لتحديد هوية المستخدم
portal-class-transactions = الإيداعات والسحوبات والتداولات والمدفوعات
portal-class-balances = أرصدة الحسابات
portal-class-instruments = البطاقات والحسابات المصرفية
portal-class-content = الرسائل مع الدعم

portal-state-judge = صادر عن قاضٍ أو محكمة
portal-state-prosecutor = صادر عن مدعٍ عام
portal-state-validated = مصدَّق من قاضٍ أو محكمة أو مدعٍ عام
portal-state-serious-offence = عقوبة الجريمة القصوى ثلاث سنوات أو أكثر، أو هي مدرجة في القائمة
portal-state-central-authority = مرسل من السلطة المركزية بموجب معاهدة
portal-state-danger = حياة أو سلامة أشخاص في خطر، كما تبيّن الأسباب أدناه

portal-request-title = الطلب { $reference }
portal-request-sent = أُرسل
portal-request-about = الموضوعات
portal-request-answers = الردود
portal-request-package-name = الحزمة { $number }
portal-request-package = { $link }، حتى { $until }، مشفَّرة لمفتاحك؛ SHA-256 { $hash }
portal-request-no-files = لا ملفات بعد. أرفق الأمر.
portal-request-message = رسالة إلى منصة التداول
