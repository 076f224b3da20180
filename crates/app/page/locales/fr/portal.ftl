# The officers' portal.
portal-nav = Portail
portal-home-title = Vos demandes
portal-home-none = Vous n’avez encore envoyé aucune demande.
portal-home-reference = Référence

portal-sign-in-title = Portail des demandes
portal-sign-in-heading = Portail des demandes des autorités
portal-sign-in-intro = Saisissez votre adresse professionnelle. Elle doit appartenir à un domaine de messagerie de votre service, vérifié par la plateforme d’échange. Vous recevez un code par courriel.
portal-sign-in-email = Adresse professionnelle
portal-sign-in-name = Nom (la première fois seulement)
portal-sign-in-button = Envoyer un code

portal-code-title = Votre code
portal-code-intro = Si { $email } est admise, un code y a été envoyé par courriel. Le code est valable une fois, pendant 15 minutes. Un autre peut être envoyé après trois minutes.
portal-code-label = Code
portal-code-again = Utiliser une autre adresse, ou demander un autre code

portal-factor-title = Deuxième facteur
portal-factor-passkey = Utiliser votre clé d’accès
portal-factor-app = Ou une application d’authentification
portal-factor-intro = Ajoutez ce secret à votre application d’authentification, puis saisissez le code que l’application affiche. Le secret n’est affiché qu’une fois.
portal-factor-open = Ouvrir dans l’application
portal-factor-secret = { $link }, ou saisissez le secret : { $secret }
portal-factor-code = Code de l’application

portal-passkey-intro = Une clé d’accès (passkey) est conservée dans votre ordinateur, téléphone ou clé de sécurité et se déverrouille par empreinte digitale ou code PIN. Elle ne fonctionne que sur ce site : aucun autre site ne peut l’obtenir.
portal-passkey-name = Nom de l’appareil
portal-passkey-default-name = mon appareil
portal-passkey-add = Ajouter une clé d’accès

portal-waiting-title = En attente d’approbation
portal-waiting-text = Votre adresse et votre deuxième facteur sont vérifiés. Une personne de la plateforme d’échange doit maintenant vous approuver ; vous recevrez alors un courriel.

portal-me-title = Profil et clés
portal-me-intro = Les réponses sont chiffrées pour ces clés. Créez-en une avec { $command } ; sa partie secrète reste chez vous.
portal-me-recipients = destinataires age, un par ligne
portal-me-passkeys = Clés d’accès
portal-me-passkey = { $name }, depuis le { $created }
portal-me-passkey-used = dernière utilisation { $used }
portal-me-passkey-remove = Supprimer { $name }
portal-me-app = Configurer aussi une application d’authentification

portal-new-title = Nouvelle demande
portal-new-sender = De { $name }, { $agency }.
portal-new-token = Formulaire
portal-new-reference = Votre référence
portal-new-kind = Type de demande
portal-new-process = Base légale
portal-new-targets = Objets de la demande
portal-new-more = Jusqu’à { $rows } de plus
portal-new-rows = chaque ligne doit être remplie en entier
portal-new-target = Type d’objet
portal-new-value = Valeur
portal-new-asset = Actif, le cas échéant
portal-new-from = De (adresses IP ; UTC)
portal-new-to = À
portal-new-scope = Limites (heures en UTC)
portal-new-scope-from = Période du
portal-new-scope-to = Période au
portal-new-accounts = Comptes
portal-new-assets = Actifs
portal-new-classes = Catégories de données (pas pour les gels et les saisies)
portal-new-states = L’ordonnance est ou indique
portal-new-emergency = Urgent, au sens de la base légale
portal-new-gag = Ne pas informer l’utilisateur avant le
portal-new-statement = Motifs

portal-class-subscriber = abonné : nom, naissance, domicile, courriel, téléphone
portal-class-kyc = documents et résultats des contrôles d’identité (KYC)
portal-class-access = adresses IP et appareils, pour identifier l’utilisateur
portal-class-transactions = dépôts, retraits, échanges, paiements
portal-class-balances = soldes des comptes
portal-class-instruments = cartes et comptes bancaires
portal-class-content = messages avec l’assistance

portal-state-judge = rendue par un juge ou un tribunal
portal-state-prosecutor = émise par un procureur
portal-state-validated = validée par un juge, un tribunal ou un procureur
portal-state-serious-offence = l’infraction est punie d’un maximum de trois ans ou plus, ou figure sur la liste
portal-state-central-authority = transmise par l’autorité centrale en vertu d’un traité
portal-state-danger = danger pour la vie ou l’intégrité physique, comme l’exposent les motifs ci-dessous

portal-request-title = Demande { $reference }
portal-request-sent = Envoyée
portal-request-about = Objets
portal-request-answers = Réponses
portal-request-package-name = Paquet { $number }
portal-request-package = { $link }, jusqu’au { $until }, chiffré pour votre clé ; SHA-256 { $hash }
portal-request-no-files = Aucun fichier pour l’instant. Joignez l’ordonnance.
portal-request-message = Message à la plateforme d’échange
