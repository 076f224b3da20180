# Words for names as the API writes them.

# States.
word-open = ouvert
word-closed = clos
word-active = actif
word-released = levé
word-expired = expiré
word-prepared = préparé
word-answered = répondu
word-registered = inscrit
word-proved = adresse vérifiée
word-approved = approuvé
word-suspended = suspendu
word-returned = restitué
word-moved = déplacé
word-proposed = proposé
word-rejected = rejeté
word-accepted = accepté
word-declined = décliné
word-done = fait
word-draft = brouillon
word-running = en cours
word-ended = terminé
word-planned = prévu
word-cancelled = annulé
word-cooling = délai de réflexion
word-escalated = escaladé
word-stopped = arrêté
word-exported = exporté
word-confirmed = confirmé
word-withdrawn = retiré
word-lapsed = caduc

# Decisions and outcomes.
word-allow = autoriser
word-review = examiner
word-hold = bloquer
word-reject = rejeter
word-true_positive = vrai positif
word-false_positive = faux positif
word-inconclusive = non concluant
word-granted = accordé
word-partly = partiellement accordé
word-refused = refusé
word-forged = falsifié

# Requests: kinds, targets, classes of data, how a customer was found, who wrote.
word-information = information
word-preservation = conservation
word-freeze = gel
word-seizure = saisie
word-emergency_disclosure = communication d’urgence
word-address = adresse
word-transaction = transaction
word-email = courriel
word-phone = téléphone
word-user_id = identifiant d’utilisateur
word-name = nom
word-card = carte
word-card_fingerprint = empreinte de carte
word-iban = IBAN
word-bank_account = compte bancaire
word-account = compte
word-document = document
word-device = appareil
word-ip = adresse IP
word-subscriber = abonné
word-kyc = KYC
word-access = accès
word-transactions = transactions
word-balances = soldes
word-instruments = moyens de paiement
word-content = contenu
word-direct = indiqué par une fiche
word-paid = payé par le client
word-named = nommé par un événement
word-cluster = dans le même cluster
word-traced = tracé
word-officer = enquêteur
word-desk = poste de travail

# Signs of forgery.
word-look-alike-domain = domaine imitant un autre
word-foreign-characters = caractères étrangers
word-free-mail = messagerie gratuite
word-unverified-domain = domaine non vérifié
word-wrong-country = mauvais pays
word-wrong-agency = mauvais service
word-new-officer = nouvel enquêteur
word-call-back-missing = contre-appel manquant
word-call-back-denied = démenti au contre-appel
word-reference-reused = référence déjà utilisée
word-duplicate = doublon
word-unusual-volume = volume inhabituel

# Cases: kinds of items, roles, custody, reports, teams, results of the search.
word-subject = personne visée
word-exhibit = pièce à conviction
word-note = note
word-task = tâche
word-trace = trace
word-graph = graphe
word-request = demande
word-alert = alerte
word-event = événement
word-case = dossier
word-lead = responsable
word-member = membre
word-viewer = lecteur
word-received = reçu
word-examined = examiné
word-destroyed = détruit
word-goaml = goAML
word-fincen-sar = FinCEN SAR
word-aml = LCB-FT
word-platform = plateforme

# Events, actions on alerts, covers of holds, directions and policies of traces.
word-deposit = dépôt
word-withdrawal = retrait
word-payment = paiement
word-signup = inscription
word-login = connexion
word-login_failed = échec de connexion
word-password_change = mot de passe modifié
word-two_factor_change = deuxième facteur modifié
word-email_change = courriel modifié
word-phone_change = téléphone modifié
word-address_added = adresse ajoutée
word-api_key_created = clé d’API créée
word-identity_check = contrôle d’identité
word-bank = banque
word-settled = réglé
word-chargeback = rétrofacturation
word-assign = attribuer
word-comment = commenter
word-close = clore
word-reopen = rouvrir
word-asset = actif
word-amount = montant
word-forward = vers l’aval
word-backward = vers l’amont
word-poison = poison
word-haircut = haircut
word-fifo = FIFO
word-lifo = LIFO

# Changes, sources, imported objects.
word-rules = jeu de règles
word-key = clé
word-source = source
word-taxii = TAXII
word-community = communauté
word-misp = MISP
word-tag = étiquette
word-flag = signalement
word-kept = sans effet ici

# Scams.
word-investment = investissement
word-romance = sentimentale
word-impersonation = usurpation d’identité
word-recovery = récupération de fonds
word-extortion = extorsion
word-phishing = hameçonnage
word-other = autre

# Ways to hold a session.
word-in_person = en présentiel
word-online = en ligne

# Categories of tags.
word-unattributed = non attribué
word-sanction = sanction
word-terrorism = terrorisme
word-child_abuse = abus sur mineurs
word-ransomware = rançongiciel
word-service_hack = piratage d’un service
word-black_list = liste noire
word-extremism = extrémisme
word-scam = escroquerie
word-ponzi_scheme = pyramide de Ponzi
word-pyramid_scheme = vente pyramidale
word-investment_fraud = fraude à l’investissement
word-sextortion = sextorsion
word-blackmail = chantage
word-rug_pull = rug pull
word-illicit_market = marché illicite
word-other_abuse = autre abus
word-market = place de marché
word-mixing_service = service de mélange
word-coinjoin = coinjoin
word-gambling = jeux d’argent
word-atm = distributeur
word-defi_bridge = pont DeFi
word-exchange = plateforme d’échange
word-hosted_wallet = portefeuille hébergé
word-wallet_service = service de portefeuille
word-payment_processor = prestataire de paiement
word-miner = mineur
word-mining_service = service de minage
word-service = service
word-defi = DeFi
word-defi_dex = échange DeFi
word-defi_lending = prêt DeFi
word-organization = organisation
word-donation = don
word-faucet = faucet
word-hosting = hébergement
word-user = utilisateur
word-perpetrator = auteur
word-coinbase = coinbase
word-unknown_origin = origine inconnue
word-unspent = non dépensé
word-fee = frais

# Typologies.
word-structuring = fractionnement
word-rapid_pass_through = transit rapide
word-fan_in = concentration
word-fan_out = dispersion
word-cycle = cycle
word-peel_chain = chaîne d’épluchage
word-mixer_exposure = exposition à un mélangeur
word-coinjoin_exposure = exposition à un coinjoin
word-ransomware_payment = paiement de rançon
word-address_poisoning = empoisonnement d’adresse
word-dusting = dusting
word-card_cash_out = retrait d’espèces par carte
word-fake_account_ring = réseau de faux comptes
word-account_takeover = prise de contrôle de compte
word-mule = mule
word-scam_victim = victime d’escroquerie

# Findings in seized material, and how sure they are.
word-bip39 = phrase BIP39
word-bip39_partial = partie d’une phrase BIP39
word-electrum = phrase Electrum
word-slip39 = part SLIP-39
word-wif = clé privée (WIF)
word-bip38 = clé privée (BIP38)
word-extended_private_key = clé privée étendue
word-extended_public_key = clé publique étendue
word-wallet_file = fichier de portefeuille
word-low = faible
word-medium = moyen
word-high = élevé

# Kinds of transfers of account chains, and whether an asset's transfers agree.
word-transfer-value = paiement
word-transfer-internal = interne à la transaction
word-transfer-fee_burn = frais, détruits
word-transfer-fee_tip = frais, au producteur
word-transfer-fee_blob = frais de blobs
word-transfer-fee_l1 = frais de données
word-transfer-reward = récompense
word-transfer-withdrawal = retrait
word-transfer-token = jeton
word-transfer-wrap = wrap
word-transfer-unwrap = unwrap
word-transfer-mint = émission
word-transfer-burn = destruction
word-transfer-genesis = premier bloc
word-transfer-fork = changement de règles
word-transfer-system_deposit = dépôt de la chaîne de base
word-transfer-adjust = ajustement
word-backing-backed = ils concordent
word-backing-unbacked = ils se contredisent
word-backing-unknown = concordance inconnue : ils ne sont pas tous enregistrés

# Why traces over account chains end; what joins addresses of them.
word-made = créé
word-unread = émis ou détruit par un contrat qui n’est pas lu
word-opening = présent avant le premier bloc
word-elsewhere = sur une chaîne qui n’est pas enregistrée
word-hops = limite de sauts
word-edges = limite de transferts
word-sweep = collecte d’adresses de dépôt
word-deposit-reuse = paiements à une même adresse de dépôt
word-gas-funding = gaz payé pour

# How an issuer's freeze stands; kinds of contracts, and what they rest on.
word-freeze-proposed = proposé
word-freeze-withdrawn = retiré
word-freeze-frozen = gelé
word-freeze-destroyed = détruit
word-freeze-lifted = levé
word-contract-entry_point = point d’entrée des opérations d’utilisateur (ERC-4337)
word-contract-mixer = mélangeur
word-contract-bridge = pont
word-contract-safe = Safe
word-contract-multisig = portefeuille à plusieurs propriétaires
word-contract-smart_account = compte intelligent (ERC-4337)
word-contract-router = routeur d’échanges
word-contract-pool = pool
word-contract-forwarder = adresse de dépôt qui transfère
word-contract-factory = fabrique de contrats
word-contract-wrapper = enveloppe de la monnaie de la chaîne
word-contract-multi_token = jeton à plusieurs identifiants (ERC-1155)
word-contract-non_fungible = jeton d’objets uniques (ERC-721)
word-contract-token = jeton
word-contract-by-published = publié par son projet, ou par la fabrique qui l’a créé
word-contract-by-transfers = des transferts de son jeton sont enregistrés ; n’importe qui peut écrire un tel contrat
word-contract-by-mixer_moves = des dépôts et retraits d’une même valeur sont enregistrés ; n’importe qui peut écrire un tel contrat
word-contract-by-user_operations = il a agi dans des opérations d’utilisateur

# States of rules, records of customers, movements.
word-live = active
word-shadow = en observation
word-off = désactivée
word-customer = client
word-deposit_address = adresse de dépôt
word-failed = échoué
word-broadcast = diffusé
word-sent = envoyé
word-pending = en attente
word-waiting = en file d’attente

word-severe = très élevé
word-unknown = inconnu
word-all = tous
word-same-customer = même client
word-same-counterparty = même contrepartie
word-same-rule = même règle
word-sort-risk = risque
word-sort-oldest = plus anciennes d’abord
word-sort-newest = plus récentes d’abord
word-sort-value = valeur
word-sort-customer = client
word-sort-rule = règle
word-sort-assignee = responsable
word-about-hold = blocage
word-about-request = demande
word-about-report = déclaration du dossier
word-about-change = modification
word-about-officer = enquêteur
word-shared-device = appareil
word-shared-instrument = carte ou compte bancaire
word-shared-iban = compte bancaire
word-shared-document = document d’identité
word-shared-email = courriel
word-shared-phone = téléphone

word-customers = clients
word-rescreen_all = nouveau filtrage de tous les transferts
word-ledger_check = contrôle d’un registre
word-ledger_rebuild = liens, signaux et clusters refaits
