# Words for names as the API writes them.

# States.
word-open = offen
word-closed = geschlossen
word-active = aktiv
word-released = freigegeben
word-expired = abgelaufen
word-prepared = vorbereitet
word-answered = beantwortet
word-registered = registriert
word-proved = Adresse geprüft
word-approved = genehmigt
word-suspended = ausgesetzt
word-returned = zurückgegeben
word-moved = verbracht
word-proposed = vorgeschlagen
word-rejected = verworfen
word-accepted = angenommen
word-declined = abgelehnt
word-done = erledigt
word-draft = Entwurf
word-running = läuft
word-ended = beendet
word-planned = geplant
word-cancelled = abgebrochen
word-cooling = Bedenkzeit
word-escalated = eskaliert
word-stopped = gestoppt
word-exported = exportiert
word-confirmed = bestätigt
word-withdrawn = zurückgezogen
word-lapsed = verfallen

# Decisions and outcomes.
word-allow = zulassen
word-review = prüfen
word-hold = sperren
word-reject = ablehnen
word-true_positive = zutreffend
word-false_positive = Fehlalarm
word-inconclusive = ungeklärt
word-granted = stattgegeben
word-partly = teilweise stattgegeben
word-refused = abgelehnt
word-forged = gefälscht

# Requests: kinds, targets, classes of data, how a customer was found, who wrote.
word-information = Auskunft
word-preservation = Sicherung
word-freeze = Sicherstellung
word-seizure = Einziehung
word-emergency_disclosure = Auskunft im Notfall
word-address = Adresse
word-transaction = Transaktion
word-email = E-Mail
word-phone = Telefon
word-user_id = Nutzerkennung
word-name = Name
word-card = Karte
word-card_fingerprint = Kartenfingerabdruck
word-iban = IBAN
word-bank_account = Bankkonto
word-account = Konto
word-document = Dokument
word-device = Gerät
word-ip = IP-Adresse
word-subscriber = Bestandsdaten
word-kyc = KYC
word-access = Zugriffe
word-transactions = Transaktionen
word-balances = Kontostände
word-instruments = Zahlungsmittel
word-content = Inhalte
word-direct = in den Kundendaten angegeben
word-paid = vom Kunden bezahlt
word-named = in einem Ereignis genannt
word-cluster = im selben Cluster
word-traced = durch einen Trace
word-officer = Ermittlungsperson
word-desk = Arbeitsplatz

# Signs of forgery.
word-look-alike-domain = täuschend ähnliche Domain
word-foreign-characters = fremde Schriftzeichen
word-free-mail = Freemail-Adresse
word-unverified-domain = nicht geprüfte Domain
word-wrong-country = falsches Land
word-wrong-agency = falsche Behörde
word-new-officer = neue Ermittlungsperson
word-call-back-missing = Rückruf fehlt
word-call-back-denied = bei Rückruf verneint
word-reference-reused = Aktenzeichen schon verwendet
word-duplicate = Dublette
word-unusual-volume = ungewöhnliche Menge

# Cases: kinds of items, roles, custody, reports, teams, results of the search.
word-subject = Beschuldigte oder Betroffene
word-exhibit = Asservat
word-note = Notiz
word-task = Aufgabe
word-trace = Trace
word-graph = Graph
word-request = Ersuchen
word-alert = Alarm
word-event = Ereignis
word-case = Fall
word-lead = Leitung
word-member = Mitglied
word-viewer = Leserecht
word-received = eingegangen
word-examined = untersucht
word-destroyed = vernichtet
word-goaml = goAML
word-fincen-sar = FinCEN SAR
word-aml = Geldwäscheprävention
word-platform = Plattform

# Events, actions on alerts, covers of holds, directions and policies of traces.
word-deposit = Einzahlung
word-withdrawal = Auszahlung
word-payment = Zahlung
word-signup = Registrierung
word-login = Anmeldung
word-login_failed = fehlgeschlagene Anmeldung
word-password_change = Passwort geändert
word-two_factor_change = zweiter Faktor geändert
word-email_change = E-Mail geändert
word-phone_change = Telefon geändert
word-address_added = Adresse hinzugefügt
word-api_key_created = API-Schlüssel erstellt
word-identity_check = Identitätsprüfung
word-bank = Bank
word-settled = abgewickelt
word-chargeback = Rückbuchung
word-assign = zuweisen
word-comment = kommentieren
word-close = schließen
word-reopen = wieder öffnen
word-asset = Asset
word-amount = Betrag
word-forward = vorwärts
word-backward = rückwärts
word-poison = Poison
word-haircut = Haircut
word-fifo = FIFO
word-lifo = LIFO

# Changes, sources, imported objects.
word-rules = Regelwerk
word-key = Schlüssel
word-source = Quelle
word-taxii = TAXII
word-community = Gemeinschaft
word-misp = MISP
word-tag = Tag
word-flag = Markierung
word-kept = hier ohne Wirkung

# Scams.
word-investment = Anlagebetrug
word-romance = Liebesbetrug
word-impersonation = falsche Identität
word-recovery = Rückholungsbetrug
word-extortion = Erpressung
word-phishing = Phishing
word-other = anderes

# Ways to hold a session.
word-in_person = in Präsenz
word-online = online

# Categories of tags.
word-unattributed = ohne Zuordnung
word-sanction = Sanktion
word-terrorism = Terrorismus
word-child_abuse = Kindesmissbrauch
word-ransomware = Ransomware
word-service_hack = Angriff auf einen Dienst
word-black_list = schwarze Liste
word-extremism = Extremismus
word-scam = Betrug
word-ponzi_scheme = Ponzi-System
word-pyramid_scheme = Schneeballsystem
word-investment_fraud = Anlagebetrug
word-sextortion = Sextortion
word-blackmail = Erpressung
word-rug_pull = Rug Pull
word-illicit_market = illegaler Markt
word-other_abuse = anderer Missbrauch
word-market = Markt
word-mixing_service = Mixer-Dienst
word-coinjoin = CoinJoin
word-gambling = Glücksspiel
word-atm = Geldautomat
word-defi_bridge = DeFi-Bridge
word-exchange = Börse
word-hosted_wallet = verwahrte Wallet
word-wallet_service = Wallet-Dienst
word-payment_processor = Zahlungsdienstleister
word-miner = Miner
word-mining_service = Mining-Dienst
word-service = Dienst
word-defi = DeFi
word-defi_dex = DeFi-Börse
word-defi_lending = DeFi-Kredite
word-organization = Organisation
word-donation = Spenden
word-faucet = Faucet
word-hosting = Hosting
word-user = Nutzer
word-perpetrator = Täter
word-coinbase = Coinbase
word-unknown_origin = unbekannte Herkunft
word-unspent = nicht ausgegeben
word-fee = Gebühr

# Typologies.
word-structuring = Stückelung
word-rapid_pass_through = schneller Durchlauf
word-fan_in = Zusammenführung
word-fan_out = Aufteilung
word-cycle = Kreislauf
word-peel_chain = Peel Chain
word-mixer_exposure = Kontakt zu einem Mixer
word-coinjoin_exposure = Kontakt zu einem CoinJoin
word-ransomware_payment = Ransomware-Zahlung
word-address_poisoning = Adressvergiftung
word-dusting = Dusting
word-card_cash_out = Bargeldbezug per Karte
word-fake_account_ring = Ring gefälschter Konten
word-account_takeover = Kontoübernahme
word-mule = Finanzagent
word-scam_victim = Betrugsopfer

# Findings in seized material, and how sure they are.
word-bip39 = BIP39-Phrase
word-bip39_partial = Teil einer BIP39-Phrase
word-electrum = Electrum-Phrase
word-slip39 = SLIP-39-Anteil
word-wif = privater Schlüssel (WIF)
word-bip38 = privater Schlüssel (BIP38)
word-extended_private_key = erweiterter privater Schlüssel
word-extended_public_key = erweiterter öffentlicher Schlüssel
word-wallet_file = Wallet-Datei
word-low = niedrig
word-medium = mittel
word-high = hoch

# Kinds of transfers of account chains, and whether an asset's transfers agree.
word-transfer-value = Zahlung
word-transfer-internal = innerhalb der Transaktion
word-transfer-fee_burn = Gebühr, vernichtet
word-transfer-fee_tip = Gebühr, an den Blockersteller
word-transfer-fee_blob = Gebühr für Blobs
word-transfer-fee_l1 = Gebühr für Daten
word-transfer-reward = Belohnung
word-transfer-withdrawal = Auszahlung
word-transfer-token = Token
word-transfer-wrap = Wrap
word-transfer-unwrap = Unwrap
word-transfer-mint = Mint
word-transfer-burn = Burn
word-transfer-genesis = erster Block
word-transfer-fork = Regeländerung
word-transfer-system_deposit = Einzahlung von der Basis-Chain
word-transfer-adjust = Anpassung
word-backing-backed = sie stimmen miteinander überein
word-backing-unbacked = sie widersprechen einander
word-backing-unknown = unbekannt, ob sie übereinstimmen: nicht alle sind gespeichert

# Why traces over account chains end; what joins addresses of them.
word-made = neu entstanden
word-unread = erzeugt oder vernichtet durch einen Contract, der nicht ausgewertet wird
word-opening = vor dem ersten Block vorhanden
word-elsewhere = auf einer Chain, die nicht gespeichert ist
word-hops = Grenze der Schritte
word-edges = Grenze der Transfers
word-sweep = Sammlung von Einzahlungsadressen
word-deposit-reuse = Zahlungen an dieselbe Einzahlungsadresse
word-gas-funding = bezahltes Gas

# How an issuer's freeze stands; kinds of contracts, and what they rest on.
word-freeze-proposed = vorgeschlagen
word-freeze-withdrawn = zurückgezogen
word-freeze-frozen = eingefroren
word-freeze-destroyed = vernichtet
word-freeze-lifted = aufgehoben
word-contract-entry_point = Einstiegspunkt für User Operations (ERC-4337)
word-contract-mixer = Mixer
word-contract-bridge = Bridge
word-contract-safe = Safe
word-contract-multisig = Wallet mit mehreren Eigentümern
word-contract-smart_account = Smart Account (ERC-4337)
word-contract-router = Router für Swaps
word-contract-pool = Pool
word-contract-forwarder = weiterleitende Einzahlungsadresse
word-contract-factory = Contract-Fabrik
word-contract-wrapper = Wrapper der Coin der Chain
word-contract-multi_token = Token mit mehreren Kennungen (ERC-1155)
word-contract-non_fungible = Token einzelner Stücke (ERC-721)
word-contract-token = Token
word-contract-by-published = vom Projekt veröffentlicht oder von der Fabrik, die ihn erzeugt hat
word-contract-by-transfers = Transfers seines Tokens sind gespeichert; einen solchen Contract kann jeder schreiben
word-contract-by-mixer_moves = Einzahlungen und Auszahlungen einer Stückelung sind gespeichert; einen solchen Contract kann jeder schreiben
word-contract-by-user_operations = er war in User Operations tätig

# States of rules, records of customers, movements.
word-live = aktiv
word-shadow = im Schattenbetrieb
word-off = aus
word-customer = Kunde
word-deposit_address = Einzahlungsadresse
word-failed = fehlgeschlagen
word-broadcast = an das Netz gesendet
word-sent = gesendet
word-pending = ausstehend
word-waiting = wartend

word-severe = sehr hoch
word-unknown = unbekannt
word-all = alle
word-same-customer = derselbe Kunde
word-same-counterparty = dieselbe Gegenpartei
word-same-rule = dieselbe Regel
word-sort-risk = Risiko
word-sort-oldest = älteste zuerst
word-sort-newest = neueste zuerst
word-sort-value = Wert
word-sort-customer = Kunde
word-sort-rule = Regel
word-sort-assignee = Zuständige
word-about-hold = Sperre
word-about-request = Ersuchen
word-about-report = Meldung zum Fall
word-about-change = Änderung
word-about-officer = Ermittlungsperson
word-shared-device = Gerät
word-shared-instrument = Karte oder Bankkonto
word-shared-iban = Bankkonto
word-shared-document = Ausweisdokument
word-shared-email = E-Mail-Adresse
word-shared-phone = Telefon

word-customers = Kunden
word-rescreen_all = erneute Prüfung aller Transfers
word-ledger_check = Prüfung eines Ledgers
word-ledger_rebuild = Verbindungen, Signale und Cluster neu erstellt
