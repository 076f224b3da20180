# The officers' portal.
portal-nav = 门户
portal-home-title = 您的请求
portal-home-none = 您尚未发送任何请求。
portal-home-reference = 文号

portal-sign-in-title = 请求门户
portal-sign-in-heading = 执法机关请求门户
portal-sign-in-intro = 请输入您的公务邮箱。该邮箱必须属于贵机构经交易所核实的邮件域名。您会收到邮件验证码。
portal-sign-in-email = 公务邮箱
portal-sign-in-name = 姓名（仅首次填写）
portal-sign-in-button = 发送验证码

portal-code-title = 您的验证码
portal-code-intro = 如果 { $email } 已获准入，验证码已发送到该邮箱。验证码可使用一次，有效期 15 分钟。三分钟后可再次发送。
portal-code-label = 验证码
portal-code-again = 使用其他邮箱，或重新获取验证码

portal-factor-title = 第二因素
portal-factor-passkey = 使用通行密钥
portal-factor-app = 或使用身份验证器应用
portal-factor-intro = 请将此密文添加到您的身份验证器应用，然后输入应用显示的验证码。密文仅显示一次。
portal-factor-open = 在应用中打开
portal-factor-secret = { $link }，或手动输入密文：{ $secret }
portal-factor-code = 应用中的验证码

portal-passkey-intro = 通行密钥保存在您的电脑、手机或安全密钥中，用指纹或 PIN 解锁。它只在本网站有效，其他网站无法获取。
portal-passkey-name = 设备名称
portal-passkey-default-name = 我的设备
portal-passkey-add = 添加通行密钥

portal-waiting-title = 等待批准
portal-waiting-text = 您的邮箱和第二因素已验证。接下来由交易所的工作人员批准；届时您会收到邮件。

portal-me-title = 资料与密钥
portal-me-intro = 答复将以这些密钥加密。请用 { $command } 创建密钥；私密部分由您自己保管。
portal-me-recipients = age 接收方，每行一个
portal-me-passkeys = 通行密钥
portal-me-passkey = { $name }，自 { $created }
portal-me-passkey-used = 最近使用 { $used }
portal-me-passkey-remove = 移除 { $name }
portal-me-app = 另外设置身份验证器应用

portal-new-title = 新请求
portal-new-sender = 来自 { $name }，{ $agency }。
portal-new-token = 表单
portal-new-reference = 您的文号
portal-new-kind = 请求类型
portal-new-process = 法律依据
portal-new-targets = 请求对象
portal-new-more = 最多再填 { $rows } 项
portal-new-rows = 每一行都须填写完整
portal-new-target = 对象类型
portal-new-value = 值
portal-new-asset = 资产（如有）
portal-new-from = 从（IP 地址；UTC）
portal-new-to = 到
portal-new-scope = 范围（时间为 UTC）
portal-new-scope-from = 期间自
portal-new-scope-to = 期间至
portal-new-accounts = 账户
portal-new-assets = 资产
portal-new-classes = 数据类别（冻结和扣押除外）
portal-new-states = 该命令属于或载明
portal-new-emergency = 紧急，依该法律依据的定义
portal-new-gag = 在此之前不得通知用户
portal-new-statement = 理由

portal-class-subscriber = 用户资料：姓名、出生、住址、邮箱、电话
portal-class-kyc = 身份核验（KYC）的文件和结果
portal-class-access = IP 地址和设备，用于识别用户
portal-class-transactions = 充值、提现、交易、支付
portal-class-balances = 账户余额
portal-class-instruments = 银行卡和银行账户
portal-class-content = 与客服的消息

portal-state-judge = 由法官或法院签发
portal-state-prosecutor = 由检察官签发
portal-state-validated = 经法官、法院或检察官确认
portal-state-serious-offence = 该罪最高刑期为三年以上，或列入目录
portal-state-central-authority = 由中央机关依条约转递
portal-state-danger = 如下述理由所述，生命或身体面临危险

portal-request-title = 请求 { $reference }
portal-request-sent = 已发送
portal-request-about = 对象
portal-request-answers = 答复
portal-request-package-name = 文件包 { $number }
portal-request-package = { $link }，有效至 { $until }，以您的密钥加密；SHA-256 { $hash }
portal-request-no-files = 尚无文件。请附上命令文书。
portal-request-message = 发给交易所的消息
