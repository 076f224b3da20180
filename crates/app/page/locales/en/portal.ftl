# The officers' portal.
portal-nav = Portal
portal-home-title = Your requests
portal-home-none = You have sent no request yet.
portal-home-reference = Reference

portal-sign-in-title = Request portal
portal-sign-in-heading = Request portal for law enforcement
portal-sign-in-intro = Enter your official address. It must belong to a mail domain of your agency that the exchange has verified. You receive a code by mail.
portal-sign-in-email = Official address
portal-sign-in-name = Name (first time only)
portal-sign-in-button = Send a code

portal-code-title = Your code
portal-code-intro = If { $email } is admitted, a code was sent to it by mail. The code is valid once, for 15 minutes. Another one can be sent after three minutes.
portal-code-label = Code
portal-code-again = Use another address, or request another code

portal-factor-title = Second factor
portal-factor-passkey = Use your passkey
portal-factor-app = Or an authenticator app
portal-factor-intro = Add this secret to your authenticator app, then enter the code that the app shows. The secret is shown once.
portal-factor-open = Open in the app
portal-factor-secret = { $link }, or type the secret: { $secret }
portal-factor-code = Code of the app

portal-passkey-intro = A passkey is stored in your computer, telephone or security key and is unlocked with a fingerprint or PIN. It works on this site only, so no other site can obtain it.
portal-passkey-name = Name of the device
portal-passkey-default-name = my device
portal-passkey-add = Add a passkey

portal-waiting-title = Waiting for approval
portal-waiting-text = Your address and second factor are verified. A person at the exchange approves you next; you receive a mail then.

portal-me-title = Profile and keys
portal-me-intro = Answers are encrypted to these keys. Create one with { $command }; its secret part stays with you.
portal-me-recipients = age recipients, one per line
portal-me-passkeys = Passkeys
portal-me-passkey = { $name }, since { $created }
portal-me-passkey-used = last used { $used }
portal-me-passkey-remove = Remove { $name }
portal-me-app = Set up an authenticator app as well

portal-new-title = New request
portal-new-sender = From { $name }, { $agency }.
portal-new-token = Form
portal-new-reference = Your reference
portal-new-kind = Kind of request
portal-new-process = Legal process
portal-new-targets = Targets
portal-new-more = Up to { $rows } more
portal-new-rows = every row needs all its fields
portal-new-target = Kind of target
portal-new-value = Value
portal-new-asset = Asset, if any
portal-new-from = From (IP addresses; UTC)
portal-new-to = To
portal-new-scope = Limits (times are UTC)
portal-new-scope-from = Period from
portal-new-scope-to = Period to
portal-new-accounts = Accounts
portal-new-assets = Assets
portal-new-classes = Classes of data (not for freezes and seizures)
portal-new-states = The order is, or states
portal-new-emergency = Urgent, as the process defines urgency
portal-new-gag = Do not notify the user until
portal-new-statement = Reasons

portal-class-subscriber = subscriber: name, birth, residence, email, phone
portal-class-kyc = documents and results of identity checks (KYC)
portal-class-access = IP addresses and devices, to identify the user
portal-class-transactions = deposits, withdrawals, trades, payments
portal-class-balances = balances of the accounts
portal-class-instruments = cards and bank accounts
portal-class-content = messages with support

portal-state-judge = issued by a judge or court
portal-state-prosecutor = issued by a prosecutor
portal-state-validated = validated by a judge, court or prosecutor
portal-state-serious-offence = the offence carries a maximum of three years or more, or is listed
portal-state-central-authority = sent by the central authority under a treaty
portal-state-danger = life or limb are in danger, as the reasons below state

portal-request-title = Request { $reference }
portal-request-sent = Sent
portal-request-about = Targets
portal-request-answers = Answers
portal-request-package-name = Package { $number }
portal-request-package = { $link }, until { $until }, encrypted to your key; SHA-256 { $hash }
portal-request-no-files = No file yet. Attach the order.
portal-request-message = Message to the exchange
