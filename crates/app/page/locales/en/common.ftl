# Head, navigation, and words that several pages share.
nav-desk = Desk
nav-skip = Skip to the content
nav-menu = Menu
nav-close = Close
nav-group-own = My work
nav-group-investigate = Investigate
nav-group-monitor = Monitor
nav-group-respond = Respond
nav-group-report = Report
nav-group-share = Share
nav-group-prevent = Prevent
nav-group-train = Train
nav-group-administer = Administer
nav-group-person = Your account
nav-graph = Explorer
nav-chains = Account chains
nav-portal = Portal
nav-labs = Your labs
nav-sign-in = Sign in
nav-api = API
nav-requests = Requests
nav-cases = Cases
nav-alerts = Alerts
nav-holds = Holds
nav-events = Events
nav-customers = Customers
nav-rules = Rules
nav-webhooks = Webhooks
nav-warnings = Warnings
nav-campaigns = Campaigns
nav-officers = Officers
nav-seizures = Seizures
nav-sharing = Sharing
nav-recommendations = Recommendations
nav-changes = Changes
nav-academy = Academy
nav-people = People
nav-jobs = Jobs
nav-audit = Audit log
nav-sessions = Sessions
nav-transparency = Transparency report
nav-courses = Courses
nav-field-guide = Field guide

common-search = Search
common-search-label = Address, transaction, block or name
common-search-hint = Address, transaction, name
common-home = the front page
common-ways-on = Search above, or go to { $home }.
common-error = Request failed
common-error-not-found = Not found
common-error-no-page = There is no page at { $path }.
common-error-method = Forms are sent to this address; there is no page to open at it.
common-error-query = This link is not complete, or part of it is wrong: { $cause }.
common-error-form = If you sent a form, go back in the browser to correct it: what you entered is still there.
common-key-for = Key of { $name }. A new key replaces it.
common-key-once = It is shown once.
common-show = Show
common-next-page = Next page
common-none = None.
common-nobody = nobody

common-sign-in = Sign in
common-sign-out = Sign out
common-continue = Continue
common-send = Send
common-save = Save
common-add = Add
common-attach = Attach
common-approve = Approve
common-suspend = Suspend
common-withdraw = Withdraw

common-kind = Kind
common-process = Process
common-due = Due
common-state = State
common-agency = Agency
common-country = Country
common-customer = Customer
common-decision = Decision
common-reason = Reason
common-text = Text
common-note = Note
common-typology = Typology
common-amount = Amount
common-asset = Asset
common-address = Address
common-time = Time
common-from = From
common-to = To
common-graph = graph
common-files = Files
common-messages = Messages
common-by = by { $person }
common-time-by = { $time } by { $person }
common-file-facts = { $size } bytes, SHA-256 { $hash }

form-itself = form
form-file = File
form-choose-file = choose a file
form-missing = it is missing
form-no-number = '{ $text }' is not a whole number
form-none-of = { $field }: '{ $text }' is none of { $values }
form-no-flag = '{ $text }' is neither true nor false
form-no-token = it is not valid; load the page again, then send the form

sign-in-title = Sign in
sign-in-intro = The desk's pages need a key. An administrator creates keys, the first one on the server's machine with { $command }.
sign-in-key = Key
sign-in-refused = this is not a key of the desk
sign-in-late = the sign-in took too long; sign in with your key again

passkey-waiting = Waiting for your device.
passkey-none = This browser has no passkeys here; use an authenticator app.
passkey-silent = The device gave no answer. Try again.

common-chain-height = { $chain } up to block { $height }
common-chain-empty = { $chain }, which has no block yet
common-unknown = unknown
common-yes = yes
common-no = no

# Counts with their nouns.
count-addresses = { $n ->
    [one] { $n } address
   *[other] { $n } addresses
}
count-cases = { $n ->
    [one] { $n } case
   *[other] { $n } cases
}
count-customers = { $n ->
    [one] { $n } customer
   *[other] { $n } customers
}
count-days = { $n ->
    [one] { $n } day
   *[other] { $n } days
}
count-ends = { $n ->
    [one] { $n } end
   *[other] { $n } ends
}
count-findings = { $n ->
    [one] { $n } finding
   *[other] { $n } findings
}
count-hints = { $n ->
    [one] { $n } hint
   *[other] { $n } hints
}
count-hours = { $n ->
    [one] { $n } hour
   *[other] { $n } hours
}
count-items = { $n ->
    [one] { $n } item
   *[other] { $n } items
}
count-labs = { $n ->
    [one] { $n } lab
   *[other] { $n } labs
}
count-minutes = { $n ->
    [one] { $n } minute
   *[other] { $n } minutes
}
count-outputs = { $n ->
    [one] { $n } output
   *[other] { $n } outputs
}
count-points = { $n ->
    [one] { $n } point
   *[other] { $n } points
}
count-seconds = { $n ->
    [one] { $n } second
   *[other] { $n } seconds
}
count-secrets = { $n ->
    [one] { $n } secret
   *[other] { $n } secrets
}
count-sheets = { $n ->
    [one] { $n } sheet
   *[other] { $n } sheets
}
count-times = { $n ->
    [one] once
   *[other] { $n } times
}

common-actions = Actions
common-language = Language
common-meant = Did you mean one of these pages?
common-list-comma = ,{" "}
common-classification = CONFIDENTIAL
common-printed-by = printed by { $person }
common-to-case = Add to a case
common-case-number = Case (empty: a new one)
common-case-title = Title of a new case
common-by-whom = Person
charts-table = Table
charts-unknown = unknown
charts-left-out = Not in it: { $what }.
common-watch = Watch
common-flag = Raise a flag
common-worth-unknown = price unknown
common-worth-then = { $value } at the time
common-worth-now = { $value } at the present price
common-to-new-case = Into a new case
sign-on-button = Sign in with your organization's account
sign-on-continue = Continue
