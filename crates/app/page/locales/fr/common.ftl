# Head, navigation, and words that several pages share.
nav-desk = Poste de travail
nav-skip = Aller au contenu
nav-menu = Menu
nav-close = Fermer
nav-group-own = Mon travail
nav-group-investigate = Enquêter
nav-group-monitor = Surveiller
nav-group-respond = Répondre
nav-group-report = Déclarer
nav-group-share = Partager
nav-group-prevent = Prévenir
nav-group-train = Former
nav-group-administer = Administrer
nav-group-person = Votre compte
nav-graph = Explorateur
nav-chains = Chaînes à comptes
nav-portal = Portail
nav-labs = Vos exercices
nav-sign-in = Se connecter
nav-api = API
nav-requests = Demandes
nav-cases = Dossiers
nav-alerts = Alertes
nav-holds = Blocages
nav-events = Événements
nav-customers = Clients
nav-rules = Règles
nav-webhooks = Webhooks
nav-warnings = Avertissements
nav-campaigns = Campagnes
nav-officers = Enquêteurs externes
nav-seizures = Saisies
nav-sharing = Partage
nav-recommendations = Recommandations
nav-changes = Modifications
nav-academy = Académie
nav-people = Personnes
nav-jobs = Tâches
nav-audit = Journal d’audit
nav-sessions = Sessions
nav-transparency = Rapport de transparence
nav-courses = Cours
nav-field-guide = Guide de terrain

common-search = Rechercher
common-search-label = Adresse, transaction, bloc ou nom
common-search-hint = Adresse, transaction, nom
common-home = la page d’accueil
common-ways-on = Lancez une recherche ci-dessus, ou allez à { $home }.
common-error = La requête a échoué
common-error-not-found = Introuvable
common-error-no-page = Il n’y a pas de page à { $path }.
common-error-method = Des formulaires sont envoyés à cette adresse ; il n’y a pas de page à y ouvrir.
common-error-query = Ce lien est incomplet, ou une partie en est fausse : { $cause }.
common-error-form = Si vous avez envoyé un formulaire, revenez en arrière dans le navigateur pour le corriger : votre saisie y est toujours.
common-key-for = Clé de { $name }. Une nouvelle clé la remplace.
common-key-once = Elle n’est affichée qu’une fois.
common-show = Afficher
common-next-page = Page suivante
common-none = Aucun.
common-nobody = personne

common-sign-in = Se connecter
common-sign-out = Se déconnecter
common-continue = Continuer
common-send = Envoyer
common-save = Enregistrer
common-add = Ajouter
common-attach = Joindre
common-approve = Approuver
common-suspend = Suspendre
common-withdraw = Retirer

common-kind = Type
common-process = Base légale
common-due = Échéance
common-state = État
common-agency = Service
common-country = Pays
common-customer = Client
common-decision = Décision
common-reason = Motif
common-text = Texte
common-note = Note
common-typology = Typologie
common-amount = Montant
common-asset = Actif
common-address = Adresse
common-time = Heure
common-from = De
common-to = À
common-graph = graphe
common-files = Fichiers
common-messages = Messages
common-by = par { $person }
common-time-by = { $time } par { $person }
common-file-facts = { $size } octets, SHA-256 { $hash }

form-itself = formulaire
form-file = Fichier
form-choose-file = choisissez un fichier
form-missing = valeur manquante
form-no-number = « { $text } » n’est pas un nombre entier
form-none-of = { $field } : « { $text } » n’est aucune des valeurs { $values }
form-no-flag = « { $text } » n’est ni true ni false
form-no-token = non valide ; rechargez la page, puis envoyez le formulaire

sign-in-title = Se connecter
sign-in-intro = Les pages du poste de travail demandent une clé. Un administrateur crée les clés, la première sur la machine du serveur avec { $command }.
sign-in-key = Clé
sign-in-refused = ce n’est pas une clé de ce poste de travail
sign-in-late = la connexion a pris trop de temps ; reconnectez-vous avec votre clé

passkey-waiting = En attente de votre appareil.
passkey-none = Ce navigateur n’a pas de clé d’accès ici ; utilisez une application d’authentification.
passkey-silent = L’appareil n’a pas répondu. Réessayez.

common-chain-height = { $chain } jusqu’au bloc { $height }
common-chain-empty = { $chain }, qui n’a pas encore de bloc
common-unknown = inconnu
common-yes = oui
common-no = non

# Counts with their nouns.
count-addresses = { $n ->
    [one] { $n } adresse
   *[other] { $n } adresses
}
count-cases = { $n ->
    [one] { $n } dossier
   *[other] { $n } dossiers
}
count-customers = { $n ->
    [one] { $n } client
   *[other] { $n } clients
}
count-days = { $n ->
    [one] { $n } jour
   *[other] { $n } jours
}
count-ends = { $n ->
    [one] { $n } extrémité
   *[other] { $n } extrémités
}
count-findings = { $n ->
    [one] { $n } découverte
   *[other] { $n } découvertes
}
count-hints = { $n ->
    [one] { $n } indice
   *[other] { $n } indices
}
count-hours = { $n ->
    [one] { $n } heure
   *[other] { $n } heures
}
count-items = { $n ->
    [one] { $n } élément
   *[other] { $n } éléments
}
count-labs = { $n ->
    [one] { $n } exercice
   *[other] { $n } exercices
}
count-minutes = { $n ->
    [one] { $n } minute
   *[other] { $n } minutes
}
count-outputs = { $n ->
    [one] { $n } sortie
   *[other] { $n } sorties
}
count-points = { $n ->
    [one] { $n } point
   *[other] { $n } points
}
count-seconds = { $n ->
    [one] { $n } seconde
   *[other] { $n } secondes
}
count-secrets = { $n ->
    [one] { $n } secret
   *[other] { $n } secrets
}
count-sheets = { $n ->
    [one] { $n } fiche
   *[other] { $n } fiches
}
count-times = { $n ->
    [one] { $n } fois
   *[other] { $n } fois
}

common-language = Langue
common-meant = Vouliez-vous l’une de ces pages ?
common-list-comma = ,{" "}
common-classification = CONFIDENTIEL
common-printed-by = imprimé par { $person }

common-to-case = Ajouter à un dossier
common-case-number = Dossier (vide : un nouveau)
common-case-title = Titre d’un nouveau dossier
common-by-whom = Personne

common-actions = Actions
charts-table = Tableau
charts-unknown = inconnu
charts-left-out = Non compris : { $what }.
common-watch = Surveiller
common-flag = Émettre un signalement
common-worth-unknown = prix inconnu
common-worth-then = { $value } à l’époque
common-worth-now = { $value } au prix actuel
common-to-new-case = Dans un nouveau dossier
sign-on-button = Se connecter avec le compte de votre organisation
sign-on-continue = Continuer
