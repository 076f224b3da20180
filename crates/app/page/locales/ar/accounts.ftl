# Account chains: what they hold, addresses, transactions, blocks, assets.
accounts-title = سلاسل الحسابات
accounts-intro = سلاسل تحوز فيها الحسابات العملة والرموز. يبيّن كل دفتر ما يحويه من أصول وكتل وما ينقصه.
accounts-no-chain = لا توجد هنا سلسلة حسابات. ينشئها الأمر holdfast ingest --chain.
accounts-chain = السلسلة
accounts-id = المعرّف
accounts-holds = يحوي
accounts-tip-time = إنتاج آخر كتلة
accounts-ago = قبل { $age }
accounts-final = نهائي
accounts-final-to = حتى الكتلة { $height }
accounts-gaps = ما ينقص
accounts-newest-blocks = أحدث الكتل
accounts-transfers = التحويلات
accounts-assets = الأصول
accounts-assets-of = أصول { $chain }
accounts-assets-intro = الأصول بترتيب أول تحويل لها. لا يظهر رمز مختصر إلا لأصول القائمة المراجعة: فما يسمي به الرمز نفسه ليس دليلًا على حقيقته.
accounts-no-asset = لم يتحرك أي أصل بعد.

accounts-nobody = لا أحد يتحكم في هذا العنوان ({ $what }): فوسومه لا تدل على أحد.
accounts-elsewhere = العنوان نفسه موجود على:
accounts-balances = الأرصدة
accounts-balances-after = بعد الكتلة { $height }. المبالغ بوحدة القائمة المراجعة؛ والأصول التي لا تذكرها بالوحدات الأساسية.
accounts-height = بعد الكتلة
accounts-no-balance = لم يحرك قط أصلًا يحويه هذا الدفتر.
accounts-not-listed = غير مدرج
accounts-base-units = وحدات أساسية
accounts-at-least = { $amount } على الأقل
accounts-driven-below = غير معروف: تهبط به التحويلات إلى -{ $amount }
accounts-opening-unknown = لا يُعرف ما كان موجودًا قبل أول كتلة مخزنة.
accounts-unbacked = تحويلاته يناقض بعضها بعضًا: المجموع غير موثوق.
accounts-internal-unknown = العملة التي تحركت داخل المعاملات غير معروفة.
accounts-shown-of = { $first } إلى { $last } من { $all }.
accounts-first-page = الصفحة الأولى

accounts-all-assets = كل الأصول
accounts-way = الاتجاه
accounts-both-ways = واردة وصادرة
accounts-in = واردة
accounts-out = صادرة
accounts-order = الترتيب
accounts-newest = الأحدث أولًا
accounts-oldest = الأقدم أولًا
accounts-fees = الرسوم
accounts-without-fees = مستبعدة
accounts-with-fees = معروضة
accounts-other-party = من أو إلى
accounts-no-start = لم يستلم شيئًا في الكتل المخزنة، فلا شيء يُتتبع.
accounts-no-transfer = لا تحويلات.
accounts-nothing-yet = لا شيء بين التحويلات التي فُحصت؛ وتواصل الصفحة التالية بعدها.
accounts-new = نشأ
accounts-destroyed = أُتلف
accounts-claim = ادعاء العقدة

accounts-failed = فشلت هذه المعاملة: لم تحرك إلا رسمها.
accounts-place = الموضع في الكتلة
accounts-sender = أرسلها
accounts-method = الطريقة
accounts-fee-unknown = غير معروف: لا يحوي الدفتر عملة السلسلة
accounts-is-final = نهائية
accounts-not-final = غير نهائية
accounts-block-before = الكتلة السابقة
accounts-block-next = الكتلة التالية
accounts-no-transaction = لا معاملات مخزنة.
accounts-outside = خارج معاملاتها

accounts-asset-unlisted = أصل غير مدرج
accounts-asset-unlisted-text = لا تذكر القائمة المراجعة هذا الأصل. مهما سمّى نفسه فعقده وحده يبيّن حقيقته؛ والرمز الذي يحمل اسم رمز معروف قد يكون تقليدًا.
accounts-contract = العقد
accounts-decimals = المنازل العشرية
accounts-backing = التحويلات
accounts-unbacked-by = هبط رصيد { $account } دون الصفر أول مرة في { $tx }
accounts-supply = المعروض

# What goes beyond a transfer: exposures, traces, paths, links, clusters.
accounts-links = الروابط
accounts-links-intro = مبادلات وتغليفات وأطراف جسور وحركات خلاطات، مع كل منها الخطأ المقيس للقاعدة التي وجدته. وما ينتهي في خلاط لا يُربط أبدًا بما يخرج منه.
accounts-no-link = لم يُعثر على رابط.
accounts-given = المدفوع
accounts-received = المقبوض
accounts-basis = يستند إلى
accounts-error = لا يزيد الخطأ في روابط كهذه على { $share } بحسب القياس (95%)
accounts-error-unknown = لم يقس أحد خطأه
accounts-cluster = العنقود
accounts-cluster-size = { $n ->
    [zero] لا عناوين مجتمعة بـ { $heuristics }.
    [one] هو منفرد: لا تربطه أي قاعدة استدلال مفعّلة ({ $heuristics }) بعنوان آخر.
    [two] يُعدّ عنوانان لمالك واحد، يجمعهما { $heuristics }.
    [few] تُعدّ { $n } عناوين لمالك واحد، يجمعها { $heuristics }.
    [many] يُعدّ { $n } عنوانًا لمالك واحد، يجمعها { $heuristics }.
   *[other] يُعدّ { $n } عنوان لمالك واحد، يجمعها { $heuristics }.
}
accounts-cluster-hidden = تستند العناقيد إلى وسوم لا يحق لك قراءتها: يُعرض العنوان وحده.
accounts-by-cluster = فئته من وسم عنوان آخر في { $cluster }، أو هو عقد نشره مشروعه.
accounts-why = لماذا ينتهي
accounts-who = من
accounts-no-category = لا فئة معروفة.
accounts-unattributed = ما لا يُنسب إلى أحد، بحسب سبب انتهائه هناك:
accounts-unknown-share = { $share } منه غير معروف.
accounts-exposure-bounds = حُسب من أحدث { $transfers } تحويل في كل اتجاه، عبر { $hops } تحويل على الأكثر، وعبر المبادلات والتغليفات والجسور.
accounts-score = درجة المخاطر { $score } من 100.
accounts-score-least = درجة المخاطر { $score } من 100 على الأقل: جزء منها غير معروف.
accounts-score-unknown = درجة المخاطر: غير معروفة.
accounts-left-out = أصول أخرى لم يُنظر فيها: { $n }.
accounts-hops = القفزات
accounts-marked = موسوم
accounts-found = عُثر عليه
accounts-came-over = وصل برابط
accounts-drawn-in = مسحوب إليه:
accounts-crossed = عبر برابط
accounts-met-again = لُقي ثانية:
accounts-left = خرج
accounts-reached = بلغ
accounts-books-balance = حسابات كل أصل متوازنة: ما وُسم، وما جاء بالمبادلات والتغليفات والجسور، عُثر عليه أو عبر أو دُفع رسومًا.
accounts-books-off = الحسابات غير متوازنة!
accounts-ends = النهايات
accounts-crossings = المبادلات والتغليفات والجسور
accounts-candidates = مرشحون وراء الخلاطات
accounts-candidates-text = ما قد يكون الطرف الآخر لحركة خلاط، الأرجح أولًا. ولا شيء منها حقيقة ثابتة.
accounts-steps = الخطوات
accounts-paths = المسارات
accounts-path = المسار { $n }
accounts-find-paths = البحث عن مسارات
accounts-paths-intro = الطرق التي ذهبت بها الأموال من عنوان أو معاملة أو تحويل إلى عنوان، وعبر المبادلات والتغليفات والجسور أيضًا.
accounts-no-path = لم يُعثر على مسار ضمن الحدود المعتادة.

# What an address is, and notes beside transfers.
contract-kind = العقد
contract-kind-unknown = تُظهر كتلة مخزنة أنه أُنشئ؛ ونوعه غير معروف.
contract-unknown = لا تدل الكتل المخزنة ولا القوائم المنشورة على أن هذا عقد. ولم يُفحص رمزه البرمجي.
contract-creator = أنشأه
contract-delegate = يشغّل رمز (EIP-7702)
transfer-note-imitates = عنوان الطرف الآخر يقلد { $address }
transfer-note-lookalike = عنوان الطرف الآخر يقلد عنوانًا آخر
transfer-note-spoofed = مزيف: تحويلات الرمز يناقض بعضها بعضًا
transfer-note-dust = غبار: لا يكاد يساوي شيئًا

# Issuers' freezes.
freezes-title = تجميدات المُصدرين على { $chain }
freezes-short = تجميدات المُصدرين
freezes-list = التجميدات
freezes-totals = بحسب الأصل
freezes-intro = يستطيع مُصدرو بعض الرموز تجميد ما لدى عنوان وإتلافه. ويجب أن يتفق عدة مالكين لمحفظة المُصدر: فما يقترحونه علني قبل تنفيذه، وحتى ذلك الحين يستطيع العنوان الإرسال.
freezes-covered = نُظر في الكتل { $from } إلى { $tip }؛ ولا يُعرف ما فعله المُصدرون قبلها.
freezes-not-covered = لم يُنظر في أي كتلة بحثًا عن أفعال المُصدرين: لا يُعرف هنا أي تجميد، وهذا لا يعني عدم وجوده.
freezes-unread = مقترحات مفتوحة لا تُظهر الكتل مضمونها: { $n }. وقد يكون كل منها تجميدًا لأي عنوان.
freezes-none = لا تجميد من هذا النوع في الكتل التي نُظر فيها.
freezes-issuer = المُصدر
freezes-all-issuers = كل المُصدرين
freezes-issuer-unlisted = غير مدرج
freezes-all-states = الكل
freezes-steps = ما حدث
freezes-held = يحوز الآن
freezes-destroyed-amount = الوحدات المُتلفة
freezes-tx-not-stored = في معاملة لا يخزنها هذا الدفتر
freezes-proposal = المقترح { $number }
freezes-step-proposed = مقترح
freezes-step-withdrawn = سُحب المقترح
freezes-step-frozen = مجمَّد
freezes-step-lift-proposed = اقتُرح الرفع
freezes-step-lifted = مرفوع
freezes-step-destroy-proposed = اقتُرح الإتلاف
freezes-step-destroyed = مُتلَف

freezes-covered-all = نُظر في كل الكتل من أول كتلة في السلسلة حتى { $tip }.
accounts-save-title = حفظ في قضية
accounts-save-case = رقم القضية
accounts-save = حفظ هذا التتبع
accounts-error-of-pairs = { $error }، مقيسًا على { $n } رابط
