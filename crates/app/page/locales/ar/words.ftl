# Words for names as the API writes them.

# States.
word-open = مفتوح
word-closed = مغلق
word-active = نشط
word-released = مرفوع
word-expired = منتهٍ
word-prepared = مُعدّ
word-answered = أُجيب عنه
word-registered = مسجَّل
word-proved = تم التحقق من البريد
word-approved = معتمد
word-suspended = معلّق
word-returned = مُعاد
word-moved = منقول
word-proposed = مقترح
word-rejected = مرفوض
word-accepted = مقبول
word-declined = معتذر عنه
word-done = منجز
word-draft = مسودة
word-running = قيد التنفيذ
word-ended = انتهى
word-planned = مخطط له
word-cancelled = ملغى
word-cooling = مهلة تفكير
word-escalated = مصعَّد
word-stopped = موقوف
word-exported = مُصدَّر
word-confirmed = مؤكد
word-withdrawn = مسحوب
word-lapsed = ساقط

# Decisions and outcomes.
word-allow = سماح
word-review = مراجعة
word-hold = تجميد
word-reject = رفض
word-true_positive = إيجابي صحيح
word-false_positive = إنذار كاذب
word-inconclusive = غير حاسم
word-granted = مستجاب
word-partly = مستجاب جزئيًا
word-refused = مرفوض
word-forged = مزوَّر

# Requests: kinds, targets, classes of data, how a customer was found, who wrote.
word-information = معلومات
word-preservation = حفظ البيانات
word-freeze = تجميد
word-seizure = مصادرة
word-emergency_disclosure = إفصاح طارئ
word-address = عنوان
word-transaction = معاملة
word-email = بريد
word-phone = هاتف
word-user_id = معرّف المستخدم
word-name = اسم
word-card = بطاقة
word-card_fingerprint = بصمة بطاقة
word-iban = IBAN
word-bank_account = حساب مصرفي
word-account = حساب
word-document = وثيقة
word-device = جهاز
word-ip = عنوان IP
word-subscriber = المشترك
word-kyc = KYC
word-access = الوصول
word-transactions = المعاملات
word-balances = الأرصدة
word-instruments = وسائل الدفع
word-content = المحتوى
word-direct = مذكور في السجلات
word-paid = دفع له العميل
word-named = مذكور في حدث
word-cluster = في العنقود نفسه
word-traced = بالتتبع
word-officer = ضابط
word-desk = منصة العمل

# Signs of forgery.
word-look-alike-domain = نطاق مشابه منتحَل
word-foreign-characters = حروف غريبة
word-free-mail = بريد مجاني
word-unverified-domain = نطاق غير متحقق منه
word-wrong-country = بلد خاطئ
word-wrong-agency = جهة خاطئة
word-new-officer = ضابط جديد
word-call-back-missing = لم تُجرَ معاودة الاتصال
word-call-back-denied = أُنكر عند معاودة الاتصال
word-reference-reused = مرجع مستخدم من قبل
word-duplicate = مكرر
word-unusual-volume = حجم غير معتاد

# Cases: kinds of items, roles, custody, reports, teams, results of the search.
word-subject = شخص معني
word-exhibit = حرز
word-note = ملاحظة
word-task = مهمة
word-trace = تتبع
word-graph = مخطط
word-request = طلب
word-alert = تنبيه
word-event = حدث
word-case = قضية
word-lead = قائد الفريق
word-member = عضو
word-viewer = قارئ
word-received = استُلم
word-examined = فُحص
word-destroyed = أُتلف
word-goaml = goAML
word-fincen-sar = FinCEN SAR
word-aml = مكافحة غسل الأموال
word-platform = المنصة

# Events, actions on alerts, covers of holds, directions and policies of traces.
word-deposit = إيداع
word-withdrawal = سحب
word-payment = دفع
word-signup = تسجيل
word-login = تسجيل دخول
word-login_failed = فشل تسجيل الدخول
word-password_change = تغيير كلمة المرور
word-two_factor_change = تغيير العامل الثاني
word-email_change = تغيير البريد
word-phone_change = تغيير الهاتف
word-address_added = إضافة عنوان
word-api_key_created = إنشاء مفتاح API
word-identity_check = التحقق من الهوية
word-bank = مصرف
word-settled = تمت التسوية
word-chargeback = رد المبالغ المدفوعة
word-assign = إسناد
word-comment = تعليق
word-close = إغلاق
word-reopen = إعادة فتح
word-asset = أصل
word-amount = مبلغ
word-forward = إلى الأمام
word-backward = إلى الخلف
word-poison = التلويث
word-haircut = الاقتطاع النسبي
word-fifo = الوارد أولًا يصرف أولًا
word-lifo = الوارد أخيرًا يصرف أولًا

# Changes, sources, imported objects.
word-rules = مجموعة القواعد
word-key = مفتاح
word-source = مصدر
word-taxii = TAXII
word-community = مجتمع
word-misp = MISP
word-tag = وسم
word-flag = علامة
word-kept = لا أثر له هنا

# Scams.
word-investment = استثمار
word-romance = احتيال عاطفي
word-impersonation = انتحال شخصية
word-recovery = استرداد وهمي
word-extortion = ابتزاز
word-phishing = تصيد
word-other = أخرى

# Ways to hold a session.
word-in_person = حضوري
word-online = عبر الإنترنت

# Categories of tags.
word-unattributed = غير منسوب
word-sanction = عقوبات
word-terrorism = إرهاب
word-child_abuse = إساءة للأطفال
word-ransomware = برمجيات فدية
word-service_hack = اختراق خدمة
word-black_list = قائمة سوداء
word-extremism = تطرف
word-scam = احتيال
word-ponzi_scheme = مخطط بونزي
word-pyramid_scheme = مخطط هرمي
word-investment_fraud = احتيال استثماري
word-sextortion = ابتزاز جنسي
word-blackmail = ابتزاز بالتهديد
word-rug_pull = سحب البساط
word-illicit_market = سوق غير مشروعة
word-other_abuse = إساءة أخرى
word-market = سوق
word-mixing_service = خدمة خلط
word-coinjoin = CoinJoin
word-gambling = مقامرة
word-atm = صراف آلي
word-defi_bridge = جسر DeFi
word-exchange = منصة تداول
word-hosted_wallet = محفظة مستضافة
word-wallet_service = خدمة محافظ
word-payment_processor = معالج مدفوعات
word-miner = معدِّن
word-mining_service = خدمة تعدين
word-service = خدمة
word-defi = DeFi
word-defi_dex = منصة تداول DeFi
word-defi_lending = إقراض DeFi
word-organization = منظمة
word-donation = تبرع
word-faucet = صنبور
word-hosting = استضافة
word-user = مستخدم
word-perpetrator = جانٍ
word-coinbase = Coinbase
word-unknown_origin = أصل غير معروف
word-unspent = غير منفق
word-fee = رسم

# Typologies.
word-structuring = تجزئة المبالغ
word-rapid_pass_through = مرور سريع
word-fan_in = تجميع
word-fan_out = توزيع
word-cycle = دورة
word-peel_chain = سلسلة تقشير
word-mixer_exposure = التعرض لخلاط
word-coinjoin_exposure = التعرض لـ CoinJoin
word-ransomware_payment = دفع فدية
word-address_poisoning = تسميم العناوين
word-dusting = غبار
word-card_cash_out = سحب نقدي بالبطاقات
word-fake_account_ring = حلقة حسابات وهمية
word-account_takeover = الاستيلاء على حساب
word-mule = ناقل أموال
word-scam_victim = ضحية احتيال

# Findings in seized material, and how sure they are.
word-bip39 = عبارة BIP39
word-bip39_partial = جزء من عبارة BIP39
word-electrum = عبارة Electrum
word-slip39 = حصة SLIP-39
word-wif = مفتاح خاص (WIF)
word-bip38 = مفتاح خاص (BIP38)
word-extended_private_key = مفتاح خاص موسَّع
word-extended_public_key = مفتاح عام موسَّع
word-wallet_file = ملف محفظة
word-low = منخفض
word-medium = متوسط
word-high = مرتفع

# Kinds of transfers of account chains, and whether an asset's transfers agree.
word-transfer-value = دفع
word-transfer-internal = داخل المعاملة
word-transfer-fee_burn = رسم، أُتلف
word-transfer-fee_tip = رسم، للمنتِج
word-transfer-fee_blob = رسم للبيانات الكبيرة (blobs)
word-transfer-fee_l1 = رسم للبيانات
word-transfer-reward = مكافأة
word-transfer-withdrawal = سحب
word-transfer-token = رمز
word-transfer-wrap = تغليف
word-transfer-unwrap = فك التغليف
word-transfer-mint = سك
word-transfer-burn = حرق
word-transfer-genesis = الكتلة الأولى
word-transfer-fork = تغيير القواعد
word-transfer-system_deposit = إيداع من السلسلة الأساسية
word-transfer-adjust = تسوية
word-backing-backed = تتفق فيما بينها
word-backing-unbacked = يناقض بعضها بعضًا
word-backing-unknown = لا يُعرف هل تتفق: فهي غير مخزنة كلها

# Why traces over account chains end; what joins addresses of them.
word-made = نشأ
word-unread = سكّه أو أتلفه عقد لا يقرؤه أحد
word-opening = موجود قبل الكتلة الأولى
word-elsewhere = على سلسلة غير مخزنة
word-hops = حد القفزات
word-edges = حد التحويلات
word-sweep = تجميع عناوين الإيداع
word-deposit-reuse = مدفوعات إلى عنوان إيداع واحد
word-gas-funding = غاز مدفوع عن

# How an issuer's freeze stands; kinds of contracts, and what they rest on.
word-freeze-proposed = مقترح
word-freeze-withdrawn = مسحوب
word-freeze-frozen = مجمَّد
word-freeze-destroyed = مُتلَف
word-freeze-lifted = مرفوع
word-contract-entry_point = نقطة دخول عمليات المستخدم (ERC-4337)
word-contract-mixer = خلاط
word-contract-bridge = جسر
word-contract-safe = Safe
word-contract-multisig = محفظة متعددة المالكين
word-contract-smart_account = حساب ذكي (ERC-4337)
word-contract-router = موجِّه مبادلات
word-contract-pool = مجمع سيولة
word-contract-forwarder = عنوان إيداع محوِّل
word-contract-factory = مصنع عقود
word-contract-wrapper = مغلِّف عملة السلسلة
word-contract-multi_token = رمز متعدد المعرّفات (ERC-1155)
word-contract-non_fungible = رمز لأشياء مفردة (ERC-721)
word-contract-token = رمز
word-contract-by-published = نشره مشروعه، أو المصنع الذي أنشأه
word-contract-by-transfers = تحويلات رمزه مخزنة؛ ويستطيع أي شخص كتابة عقد كهذا
word-contract-by-mixer_moves = إيداعات وسحوبات من فئة واحدة مخزنة؛ ويستطيع أي شخص كتابة عقد كهذا
word-contract-by-user_operations = شارك في عمليات مستخدم

# States of rules, records of customers, movements.
word-live = سارية
word-shadow = تجريبية
word-off = موقوفة
word-customer = عميل
word-deposit_address = عنوان إيداع
word-failed = فشل
word-broadcast = بُثَّ
word-sent = أُرسل
word-pending = معلّق
word-waiting = في الانتظار

word-severe = شديد
word-unknown = غير معروف
word-all = الكل
word-same-customer = العميل نفسه
word-same-counterparty = الطرف المقابل نفسه
word-same-rule = القاعدة نفسها
word-sort-risk = المخاطر
word-sort-oldest = الأقدم أولًا
word-sort-newest = الأحدث أولًا
word-sort-value = القيمة
word-sort-customer = العميل
word-sort-rule = القاعدة
word-sort-assignee = المسؤول
word-about-hold = التجميد
word-about-request = الطلب
word-about-report = بلاغ القضية
word-about-change = التغيير
word-about-officer = الضابط
word-shared-device = جهاز
word-shared-instrument = بطاقة أو حساب مصرفي
word-shared-iban = حساب مصرفي
word-shared-document = وثيقة هوية
word-shared-email = بريد
word-shared-phone = هاتف

word-customers = العملاء
word-rescreen_all = إعادة فحص كل التحويلات
word-ledger_check = فحص دفتر
word-ledger_rebuild = إنشاء الروابط والإشارات والعناقيد من جديد
