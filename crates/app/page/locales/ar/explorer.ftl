kind-entity = كيان
kind-address = عنوان
kind-transaction = معاملة
kind-note = ملاحظة
kind-group = مجموعة
kind-service = خدمة
kind-alert = تنبيه
kind-case = قضية
kind-event = حدث
kind-request = طلب
kind-customer = عميل
kind-subject = شخص معني
risk = المخاطر
risk-severe = شديدة
risk-high = مرتفعة
risk-medium = متوسطة
risk-low = منخفضة
risk-unknown = غير معروفة
risk-is = المخاطر { $risk }
risk-score = درجة المخاطر { $score }
link-payment = دفعة
link-swap = مبادلة
link-bridge = جسر
link-inferred = رابط مستنتج
level = المستوى
level-transaction = المعاملات
level-address = العناوين
level-entity = الكيانات
layout-flow = التدفق
layout-time = الزمن
layout-force = القوى
layout-manual = اليد
fold-peels = سلسلة تقشير من { $n } معاملات
fold-joins = عدد CoinJoin: { $n }
parts = { $n ->
    [zero] لا أجزاء
    [one] جزء واحد
    [two] جزآن
    [few] { $n } أجزاء
    [many] { $n } جزءًا
   *[other] { $n } جزء
    }
nodes = { $n ->
    [zero] لا عقد
    [one] عقدة واحدة
    [two] عقدتان
    [few] { $n } عقد
    [many] { $n } عقدة
   *[other] { $n } عقدة
    }
movements = { $n ->
    [zero] لا حركات
    [one] حركة واحدة
    [two] حركتان
    [few] { $n } حركات
    [many] { $n } حركة
   *[other] { $n } حركة
    }
inside = { $n } بالداخل
more-assets = { $n ->
    [zero] لا أصول أخرى
    [one] أصل آخر
    [two] أصلان آخران
    [few] { $n } أصول أخرى
    [many] { $n } أصلًا آخر
   *[other] { $n } أصل آخر
    }
and = و
and-more = و{ $n } أخرى
nothing = لا شيء
unknown = غير معروف
itself = إلى نفسه (باقٍ)
smallest-units = { $amount } من أصغر وحدات { $unit }
units-of = وحدات { $unit }
amount-unknown-of = مبلغ غير معروف ({ $unit })
at-least = { $amount } على الأقل
bad-amount = المبلغ أرقام مع نقطة واحدة على الأكثر، مثل 0.5.
bad-decimals = لـ { $unit } عدد { $n } من المنازل العشرية.
bad-day = { $field }: اكتب اليوم هكذا 2026-11-26.
time-unknown = وقت غير معروف
time = الوقت
edge-marked = تُتبّع { $amount }
edge-all-marked = { $amount }، تُتبّع كله
edge-part-marked = تُتبّع { $amount } من { $whole } ({ $share })
rest-more = +{ $n } أخرى
rest-others = أخرى غير مدرجة
rest-unlisted = { $n ->
    [zero] لا حركات غير مدرجة
    [one] حركة واحدة غير مدرجة
    [two] حركتان غير مدرجتين
    [few] { $n } حركات غير مدرجة
    [many] { $n } حركة غير مدرجة
   *[other] { $n } حركة غير مدرجة
    }
rest-at-least = { $what }، { $sum } على الأقل
rest-amount-unknown = { $what }، مبلغ غير معروف
not-drawn-before = غير مرسوم قبله: { $rest }
not-drawn-after = غير مرسوم بعده: { $rest }
has-note = ملاحظة: { $note }
edge-sentence = { $sum } من { $from } إلى { $to } عبر { $link ->
    [payment] { $n ->
    [zero] لا حركات
    [one] حركة واحدة
    [two] حركتين
    [few] { $n } حركات
    [many] { $n } حركة
   *[other] { $n } حركة
    }
    [swap] مبادلة
    [bridge] جسر
   *[other] رابط مستنتج
    }
summary = العقد: { $nodes }، الأضلاع: { $edges }، الحركات: { $movements }
summary-hidden = أخفته المرشحات: العقد { $nodes }، الحركات { $movements }، بقيمة { $sum }
summary-undecided = حركات معروضة بوقت أو مبلغ غير معروف: { $n }
summary-mixed = معاملات أُبقيت عقدًا لأن أكثر من واحد يدفع فيها أو لم يُبحث عن دافعيها: { $n }
tree-received = استلم { $sum }
tree-paid = دفع { $sum }
undated = حركات بلا وقت: { $n }
keys-look = العرض
keys-follow = التتبع
keys-arrange = الترتيب
keys-select = التحديد
keys-change = التغيير
keys-file = الحفظ والملفات
keys-mouse = السحب يحرك الصورة أو العقد؛ وShift مع السحب يرسم حبلًا؛ والعجلة للتكبير؛ والنقر المزدوج يوسّع؛ والنقر الأيمن يفتح القائمة.
action-in = تكبير
action-out = تصغير
action-fit = ملاءمة الكل
action-one = الحجم الكامل
action-fitselected = ملاءمة المحدد
action-panl = تحريك لليسار
action-panr = تحريك لليمين
action-panu = تحريك للأعلى
action-pand = تحريك للأسفل
action-find = البحث في المخطط
action-minimap = خريطة عامة
action-panel = اللوحة الجانبية
action-details = التفاصيل
action-tree = الشجرة
action-table = الجدول
action-dust = إخفاء الغبار
action-filter = المرشحات
action-level = المستوى: معاملات، عناوين، كيانات
action-folds = طي سلاسل التقشير وCoinJoin
action-play = إعادة العرض عبر الزمن أو الإيقاف
action-earlier = لحظة أبكر
action-later = لحظة أبعد
action-zone = الأوقات بالتوقيت العالمي أو المحلي
action-add = إضافة إلى المخطط
action-expand = توسيع الجانبين
action-expandout = توسيع وجهته
action-expandin = توسيع مصدره
action-expandby = توسيع حسب المبلغ أو الوقت أو الأصل أو الفئة
action-collapse = طي: إزالة ما يتعلق به وحده
action-followout = تتبع أكبر دفعة
action-followin = تتبع أكبر دفعة إلى الخلف
action-trace = تتبع الأموال
action-paths = المسارات بين اثنين
action-between = الدفعات بين المحددة
action-explain = لماذا مالك واحد
action-right = الانتقال إلى أكبر وجهة
action-left = الانتقال إلى أكبر مصدر
action-up = الانتقال إلى الأخ الأكبر
action-down = الانتقال إلى الأخ الأصغر
action-flow = ترتيب حسب التدفق
action-time = ترتيب حسب الزمن
action-force = ترتيب حسب القوى
action-movel = نقل لليسار
action-mover = نقل لليمين
action-moveu = نقل للأعلى
action-moved = نقل للأسفل
action-pin = إبقاؤه في مكانه
action-unpin = السماح للترتيب بنقله
action-all = تحديد الكل
action-invert = تحديد كل ما عداها
action-linked = تحديد الجيران أيضًا
action-alike = تحديد كل من في هذه الفئة
action-lasso = حبل التحديد
action-none = إلغاء التحديد
action-undo = تراجع
action-redo = إعادة
action-remove = إخراج من الصورة
action-note = ملاحظة
action-freenote = ملاحظة مستقلة
action-label = وسم خاص
action-colour = اللون التالي
action-colourway = اللون التالي لمسار كامل
action-group = تجميع
action-ungroup = فك التجميع
action-copy = نسخ العنوان أو المعرّف
action-save = حفظ في قضية
action-versions = الإصدارات
action-share = نسخ رابط هذا المخطط
action-case = إضافة إلى قضية
action-png = صورة (PNG)
action-svg = صورة (SVG)
action-pdf = طباعة أو PDF
action-csv = الحركات (CSV)
action-graphml = المخطط (GraphML)
action-bundle = حزمة موقّعة
action-json = سجل هذا المخطط (JSON)
action-menu = قائمة المحدد
action-help = المفاتيح
bar-in = +
bar-out = −
bar-fit = ملاءمة
bar-expand = توسيع
bar-followout = اتباع
bar-trace = تتبع
bar-flow = ترتيب
bar-folds = طي
bar-save = حفظ
toolbar = المخطط
export = تصدير
menu = المحدد
legend = مخاطر العقدة، والأموال التي خرجت منها
legend-crossing = مبادلة أو جسر
stage = صورة المخطط. تتبع الأسهم الأموال، ويوسّع Enter، وتعرض علامة الاستفهام كل المفاتيح؛ والشجرة بجانبها تقول الشيء نفسه.
graph = المخطط
graph-of = مخطط { $subject }
do-look-up = البحث
do-add = إضافة { $n }
do-remove = إزالة { $n }
do-move = نقل { $n }
do-mark = لون أو ملاحظة أو وسم
do-group = تجميع
do-expand = توسيع { $n }
do-arrange = ترتيب حسب { $layout }
do-trace = تتبع { $direction } بطريقة { $policy }
do-paths = مسارات
do-between = الدفعات بينها
do-explain = لماذا مالك واحد
do-open-old = فتح مخطط من الإصدار 1
do-set-level = المستوى
do-set-layout = الترتيب
do-set-folds = الطي
do-set-filter = المرشح
work-look-up = جارٍ البحث
work-open = جارٍ الفتح
work-save = جارٍ الحفظ
work-trace = جارٍ التتبع
work-paths = جارٍ البحث
work-arrange = جارٍ الترتيب
work-copy = جارٍ النسخ
work-export = جارٍ الكتابة
work-bundle = جارٍ الجمع والتوقيع
loading = جارٍ التحميل…
say-undone = تم التراجع: { $what }.
say-redone = أُعيد: { $what }.
say-nothing-to-undo = لا شيء للتراجع عنه.
say-nothing-to-redo = لا شيء لإعادته.
say-select-node = حدد عقدة أولًا.
say-select-subject = حدد عنوانًا أو كيانًا أو معاملة أولًا.
say-select-address = حدد عنوانًا أولًا.
say-select-two = حدد عنوانين بالضبط أولًا.
say-select-of-one-chain = حدد من 2 إلى 100 عنوان من سلسلة واحدة أولًا.
say-selected = المحدد: { $n }.
say-impossible = { $name }: غير ممكن الآن.
say-impossible-select = { $name }: غير ممكن الآن؛ حدد عقدة أولًا.
say-no-further = لا شيء مرسومًا في هذا الاتجاه.
say-followed = تم الاتباع إلى { $name }.
say-expanded = العقد الجديدة: { $n }.
say-failed-again = الاستعلامات الفاشلة: { $n }؛ كرر الإجراء للسؤال من جديد.
say-collapsed = أُزيل { $n }؛ وأموالها ضمن ما تُرك.
say-nothing-collapses = لا شيء يتعلق به وحده.
say-removed = أُزيل { $n }؛ وأموالها ضمن ما تركه الجيران.
say-in-graph = هو في المخطط.
say-added = العقد المضافة: { $n }.
say-not-found = لم يُعثر على: { $list }.
say-ambiguous = أكثر من معنى، أُخذ الأول: { $list }.
say-type-something = اكتب عنوانًا أو معاملة أو اسمًا.
say-too-many = أُلصق { $n } عنصرًا؛ يضاف 1,000 على الأكثر دفعة واحدة.
say-too-many-items = يضاف إلى القضية 50 عنصرًا على الأكثر دفعة واحدة.
say-more-items = عناصر أخرى غير مرسومة: { $n }.
say-nothing-to-start = لا شيء على سلسلة في { $what } { $id }.
say-started = { $n } من { $what } { $id }.
say-traced = تتبع بطريقة { $policy }:
say-trace-left = عقد من التتبع غير مرسومة: { $n }.
say-whole-values = تعذرت قراءة القيم الكاملة لمعاملات عددها { $n }.
say-no-path = لا مسار بينهما ضمن حدود البحث.
say-paths = رُسمت المسارات.
say-between = الدفعات المرسومة بينها: { $n }.
say-more-between = أخرى غير مدرجة: { $n }.
say-none-between = لا دفعة بينها في الدفتر.
say-joined = لمالك واحد بعدد خطوات { $n }: { $how }.
say-not-joined = لا شيء يدل على أن لها مالكًا واحدًا.
say-arranged = رُتّب حسب { $layout }.
say-lasso = حبل التحديد: اسحب حول العقد.
say-no-lasso = أُوقف حبل التحديد.
say-utc = الأوقات بالتوقيت العالمي.
say-local = الأوقات بمنطقتك.
say-copied = نُسخ.
say-file = كُتب { $format }.
say-file-selected = كُتب { $format } للمحدد وعدده { $n }.
say-saved = حُفظ في القضية { $id } بالإصدار { $version }، العنصر { $item }.
say-conflict = لم يُحفظ: { $why } حمّل الإصدار الأحدث، أو احفظ بعنوان آخر.
say-not-saved = احفظ المخطط في قضية أولًا.
say-versions = الإصدارات: { $n }.
say-shared = نُسخ رابط الإصدار { $version }.
say-shared-subject = نُسخ رابط نقطة البداية؛ احفظ المخطط لمشاركة المرسوم.
say-reloaded = رُسم الإصدار { $version }.
say-in-case = أُضيف { $n } إلى القضية { $id } (العنصر { $items }).
say-tagged = وُسم بـ { $label }.
say-bundled = كُتبت حزمة فيها { $transactions } معاملة و{ $addresses } عنوانًا.
say-tick-first = علّم صفوفًا أولًا.
say-opened = المخطط كما حُفظ.
say-opened-version = الإصدار { $version }.
say-empty = أضف عنوانًا أو معاملة أو اسمًا، أو ألصق حتى 1,000 منها.
say-replay = كما كان { $at }: { $summary }
say-replay-end = كما هو الآن: { $summary }
say-no-times = لا حركة هنا لها وقت.
saved-unreadable = للمخطط المحفوظ صيغة لا يقرؤها هذا الإصدار.
api-status = أجاب الخادم بـ { $status } عن { $path }.
no-canvas = لا يوفر هذا المتصفح لوحة رسم.
picture-too-large = الصورة أكبر مما يسمح به هذا المتصفح؛ ولا حد كهذا لصيغة SVG.
newer = حفظ { $by } الإصدار { $version } من هذا المخطط.
newer-load = تحميله
newer-keep = إبقاء نسختي
set = تعيين
apply = تطبيق
close = إغلاق
name = الاسم
title = العنوان
case = القضية
asset = الأصل
asset-all = الكل
category = الفئة
category-example = منصة تداول
chain = السلسلة
direction = الاتجاه
policy = الطريقة
policy-haircut = الاقتطاع (بالتناسب)
policy-fifo = الوارد أولًا يصرف أولًا
policy-lifo = الوارد أخيرًا يصرف أولًا
policy-poison = التلويث (كله)
sort = الترتيب
sort-amount = الأكبر أولًا
sort-newest = الأحدث أولًا
sort-oldest = الأقدم أولًا
side = الجانب
side-out = إلى أين ذهب
side-in = من أين جاء
side-both = كلاهما
by = العد حسب
by-address = العنوان
by-entity = الكيان
by-transaction = المعاملة
least-amount = أدنى مبلغ
from-day = من اليوم (بالتوقيت العالمي)
until-day = حتى اليوم (بالتوقيت العالمي)
note-title = ملاحظة
note-field = ملاحظة (الفارغة تزيلها)
group-title = مجموعة
group-button = تجميع
trace-title = تتبع الأموال
trace-button = تتبع
trace-forward = إلى الأمام
trace-backward = إلى الخلف
trace-hops = أقصى بُعد بالمعاملات
trace-edges = أقصى عدد حركات
trace-no-bound = حد الخادم
trace-services = المتابعة عبر الخدمات
trace-needs-asset = وسّع العنوان أولًا لتُعرف أصوله.
expand-title = التوسيع ضمن حدود
expand-button = توسيع
expand-most = أقصى عدد عقد لكل جانب
expand-category = هذه الفئات فقط (تفصل بينها فواصل)
expand-needs-asset = يحتاج أدنى مبلغ إلى أصل.
filter-title = المرشحات
filter-show = عرض { $unit }
filter-least = الأدنى لكل حركة
filter-most = الأقصى
filter-least-of = أدنى { $unit }
filter-most-of = أقصى { $unit }
filter-risk = أضلاع تبدأ أو تنتهي عند مخاطر
filter-categories = إخفاء فئات
filter-dust = إخفاء الغبار: أقل من 546 وحدة أساسية من BTC، وجزء من ألف من وحدة الأصول الأخرى
filter-all = عرض الكل
add-title = إضافة إلى المخطط
add-button = إضافة
add-field = عناوين أو معاملات أو أسماء؛ واحد أو حتى 1,000
add-file = أو ملف CSV أو نص
add-placeholder = إضافة عنوان أو معاملة أو اسم
file-too-large = الملف أكبر من 1 ميغابايت.
found = النتيجة
found-count = عُثر على { $n }
find-all = تحديد كل ما عُثر عليه
save-title = حفظ في قضية
save-button = حفظ
save-next = حفظ الإصدار { $version }
versions-title = إصدارات هذا المخطط
versions-row = الإصدار { $version }، بواسطة { $by }، { $at }
versions-this = (هذا)
case-title = { $n ->
    [one] إضافة إلى قضية
   *[other] إضافة { $n } إلى قضية
    }
case-button = إضافة
case-why = ما هو، أو لماذا
tag-title = وسم خاص
tag-button = تعيين
tag-label = الوسم
tag-source = المصدر: كيف عرفت
tag-source-example = تقرير 2026-11-26، URL، القضية 12
tag-category = الفئة
tag-confidence = الثقة
tag-for-desk = وسم لمنصة العمل كلها (وإلا ففي هذا المخطط فقط)
confidence-unknown = غير مقيَّم
confidence-heuristic = استدلال
confidence-web_crawl = وُجد على الويب
confidence-forensic = تقرير جنائي رقمي
confidence-manual_transaction = معاملة خاصة معه
confidence-ownership = ملكية مثبتة
panel = اللوحة
panel-about = التحديد والشجرة والجدول
panel-empty = حدد عقدة أو ضلعًا بالفأرة أو بمفتاح Tab والأسهم أو في الشجرة. يعرض ? كل المفاتيح.
stands-for = يمثل
inside-it = بالداخل
inside-text = { $sum } في حركات عددها { $n }
do-case-short = إضافة إلى القضية
do-tag-short = وسم
do-trace-short = تتبع
do-expandby-short = توسيع حسب…
open-page = فتح صفحته
watch = مراقبة
flag = إصدار علامة
about-tags = الوسوم والمالك
about-entity = واحد من { $n } من عناوين { $name }.
about-no-tags = لا وسم يذكره.
about-exposure = التعرض
about-activity = النشاط
about-counterparties = الأطراف المقابلة في الدفتر
nothing-known = لا شيء معروف.
received-from = مستلَم من (مرسوم)
paid-to = مدفوع إلى (مرسوم)
nothing-drawn = لا شيء مرسوم.
not-looked-up = لم يُبحث عنه.
more-in-table = { $n } أخرى في الجدول.
more-rows = صفوف أخرى: { $n }
first-rows = أول { $n } من { $all }؛ وفي ملف CSV كلها.
filter-rows = تصفية الصفوف
tick = تعليم { $name }
add-ticked = إضافة المعلَّم
in-movements = في حركات عددها { $n }
rows-total = المجموع: { $sum }.
rows-rest = غير مدرج: صفوف عددها { $n }، { $sum }.
row-created = نشأ (بالتعدين أو السك)
row-destroyed = أُتلف (بالحرق)
row-fee = الرسوم
row-unknown = غير معروف
row-address = العنوان
row-entity = الكيان
row-transaction = المعاملة
exposure-source = من أين جاءت أمواله
exposure-destination = إلى أين ذهبت أمواله
exposure-parts = مباشر { $direct }، غير مباشر { $indirect }
exposure-rest = { $share } % من غير فئة معروفة.
activity-said = استلم { $received } وأرسل { $sent } من { $from } إلى { $to }.
as-table = في جدول
column-from = من
column-to = إلى
column-amount = المبلغ
column-movements = الحركات
column-first = الأولى
column-last = الأخيرة
column-marked = المتتبَّع
column-who = من
column-count = العدد
column-label = الوسم
column-category = الفئة
column-source = المصدر
column-confidence = الثقة
column-updated = آخر تحديث
column-month = الشهر
column-received = المستلَم
column-sent = المرسَل
selected = المحدد: { $n }
between-them = بينها
no-edge-between = لا ضلع مرسومًا.
in-common = المشترك
no-common = لا جار مرسومًا مشتركًا بينها كلها.
same-entity = من كيان واحد
entity-of = { $name }: { $n } منها
span-of = الحركات من { $first } إلى { $last }.
tree-about = المخطط شجرةً
shown-from = معروض من
shown-until = معروض حتى
shown-range = { $from } إلى { $to }
replay-play = إعادة العرض
replay-stop = إيقاف
replay-at = كما كان { $at }
print-by = طبعه { $by }، { $at }
print-nobody = هذه المنصة
print-more = أضلاع أخرى في ملف CSV: { $n }.
action-crossings = المبادلات والجسور
say-select-account = حدد أولًا عنوانًا من سلسلة حسابات.
say-crossings = المبادلات والجسور المرسومة: { $n }.
say-half-crossings = لا يُعرف إلا طرف واحد من { $n }.
say-more-crossings = الأقدم غير مدرجة.
entity-members = العناوين
entity-within = بين عناوينه
key-space = المسافة
say-nowhere = ليست على أي سلسلة تخزنها هذه المنصة: { $list }.
worth-unknown = السعر غير معروف
worth-now = { $value } بالسعر الحالي
worth-unread = تعذرت قراءة جدول الأسعار.
drawn-sum = المرسوم: { $sum }
