kind-entity = entité
kind-address = adresse
kind-transaction = transaction
kind-note = note
kind-group = groupe
kind-service = service
kind-alert = alerte
kind-case = dossier
kind-event = événement
kind-request = demande
kind-customer = client
kind-subject = personne visée
risk = Risque
risk-severe = très élevé
risk-high = élevé
risk-medium = moyen
risk-low = faible
risk-unknown = inconnu
risk-is = risque { $risk }
risk-score = score de risque { $score }
link-payment = paiement
link-swap = échange
link-bridge = pont
link-inferred = lien déduit
level = Niveau
level-transaction = Transactions
level-address = Adresses
level-entity = Entités
layout-flow = flux
layout-time = temps
layout-force = forces
layout-manual = main
fold-peels = chaîne d’épluchage de { $n } transactions
fold-joins = { $n } coinjoins
parts = { $n ->
    [one] { $n } partie
   *[other] { $n } parties
    }
nodes = { $n ->
    [one] { $n } nœud
   *[other] { $n } nœuds
    }
movements = { $n ->
    [one] { $n } mouvement
   *[other] { $n } mouvements
    }
inside = { $n } à l’intérieur
more-assets = { $n ->
    [one] { $n } actif de plus
   *[other] { $n } actifs de plus
    }
and = et
and-more = et { $n } de plus
nothing = rien
unknown = inconnu
itself = à soi-même (monnaie rendue)
smallest-units = { $amount } plus petites unités de { $unit }
units-of = unités de { $unit }
amount-unknown-of = montant inconnu ({ $unit })
at-least = au moins { $amount }
bad-amount = Un montant s’écrit en chiffres avec un point au plus, comme 0.5.
bad-decimals = { $unit } a { $n } décimales.
bad-day = { $field } : écrivez un jour comme 2026-11-26.
time-unknown = heure inconnue
time = Heure
edge-marked = { $amount } tracé
edge-all-marked = { $amount }, entièrement tracé
edge-part-marked = { $amount } sur { $whole } tracé ({ $share })
rest-more = +{ $n } de plus
rest-others = autres non listés
rest-unlisted = { $n ->
    [one] { $n } mouvement non listé
   *[other] { $n } mouvements non listés
    }
rest-at-least = { $what }, au moins { $sum }
rest-amount-unknown = { $what }, montant inconnu
not-drawn-before = non dessiné avant : { $rest }
not-drawn-after = non dessiné après : { $rest }
has-note = note : { $note }
edge-sentence = { $sum } de { $from } à { $to } par { $link ->
    [payment] { $n ->
    [one] { $n } mouvement
   *[other] { $n } mouvements
    }
    [swap] un échange
    [bridge] un pont
   *[other] un lien déduit
    }
summary = { $nodes ->
    [one] { $nodes } nœud
   *[other] { $nodes } nœuds
    }, { $edges ->
    [one] { $edges } arête
   *[other] { $edges } arêtes
    } de { $movements ->
    [one] { $movements } mouvement
   *[other] { $movements } mouvements
    }
summary-hidden = masqués par les filtres : { $nodes ->
    [one] { $nodes } nœud
   *[other] { $nodes } nœuds
    }, { $movements ->
    [one] { $movements } mouvement
   *[other] { $movements } mouvements
    } de { $sum }
summary-undecided = { $n ->
    [one] { $n } mouvement
   *[other] { $n } mouvements
    } d’heure ou de montant inconnus affichés
summary-mixed = { $n ->
    [one] { $n } transaction reste un nœud
   *[other] { $n } transactions restent des nœuds
    } parce que plusieurs y paient ou que les payeurs n’ont pas été consultés
tree-received = a reçu { $sum }
tree-paid = a payé { $sum }
undated = { $n ->
    [one] { $n } mouvement
   *[other] { $n } mouvements
    } sans heure
keys-look = Voir
keys-follow = Suivre
keys-arrange = Disposer
keys-select = Sélectionner
keys-change = Modifier
keys-file = Enregistrer et fichiers
keys-mouse = Glisser déplace l’image ou les nœuds ; Maj et glisser dessine un lasso ; la molette zoome ; un double-clic étend ; le clic droit ouvre le menu.
action-in = Agrandir
action-out = Réduire
action-fit = Tout cadrer
action-one = Taille réelle
action-fitselected = Cadrer la sélection
action-panl = Aller à gauche
action-panr = Aller à droite
action-panu = Aller en haut
action-pand = Aller en bas
action-find = Chercher dans le graphe
action-minimap = Carte d’ensemble
action-panel = Panneau latéral
action-details = Détails
action-tree = Arbre
action-table = Tableau
action-dust = Masquer la poussière
action-filter = Filtres
action-level = Niveau : transactions, adresses, entités
action-folds = Replier chaînes d’épluchage et coinjoins
action-play = Rejouer dans le temps, ou arrêter
action-earlier = Un instant plus tôt
action-later = Un instant plus tard
action-zone = Heures en UTC ou locales
action-add = Ajouter au graphe
action-expand = Étendre des deux côtés
action-expandout = Étendre vers où c’est allé
action-expandin = Étendre d’où cela vient
action-expandby = Étendre par montant, temps, actif ou catégorie
action-collapse = Replier : retirer ce qui n’y tient que par lui
action-followout = Suivre le plus gros paiement
action-followin = Remonter le plus gros paiement
action-trace = Tracer l’argent
action-paths = Chemins entre deux
action-between = Paiements entre les sélectionnés
action-explain = Pourquoi un même propriétaire
action-right = Aller là où le plus est allé
action-left = Aller là d’où le plus vient
action-up = Aller au voisin plus gros
action-down = Aller au voisin plus petit
action-flow = Disposer par flux
action-time = Disposer par temps
action-force = Disposer par forces
action-movel = Déplacer à gauche
action-mover = Déplacer à droite
action-moveu = Déplacer en haut
action-moved = Déplacer en bas
action-pin = Le garder où il est
action-unpin = Laisser les dispositions le déplacer
action-all = Tout sélectionner
action-invert = Sélectionner tous les autres
action-linked = Sélectionner aussi les voisins
action-alike = Sélectionner tous ceux de cette catégorie
action-lasso = Lasso
action-none = Ne rien sélectionner
action-undo = Annuler
action-redo = Rétablir
action-remove = Retirer de l’image
action-note = Note
action-freenote = Note libre
action-label = Étiquette propre
action-colour = Couleur suivante
action-colourway = Couleur suivante de tout un chemin
action-group = Grouper
action-ungroup = Dégrouper
action-copy = Copier l’adresse ou l’identifiant
action-save = Enregistrer dans un dossier
action-versions = Versions
action-share = Copier le lien vers ce graphe
action-case = Ajouter à un dossier
action-png = Image (PNG)
action-svg = Image (SVG)
action-pdf = Imprimer ou PDF
action-csv = Mouvements (CSV)
action-graphml = Graphe (GraphML)
action-bundle = Dossier de preuves signé
action-json = Journal de ce graphe (JSON)
action-menu = Menu de la sélection
action-help = Touches
bar-in = +
bar-out = −
bar-fit = Cadrer
bar-expand = Étendre
bar-followout = Suivre
bar-trace = Tracer
bar-flow = Disposer
bar-folds = Replier
bar-save = Enregistrer
toolbar = Graphe
export = Exporter
menu = Sélection
legend = Risque d’un nœud, et de l’argent qui en est sorti
legend-crossing = échange ou pont
stage = Image du graphe. Les flèches suivent l’argent, Entrée étend, le point d’interrogation affiche toutes les touches ; l’arbre à côté dit la même chose.
graph = Graphe
graph-of = Graphe de { $subject }
do-look-up = consulter
do-add = ajouter { $n }
do-remove = retirer { $n }
do-move = déplacer { $n }
do-mark = couleur, note ou étiquette
do-group = grouper
do-expand = étendre { $n }
do-arrange = disposer par { $layout }
do-trace = tracer { $direction } par { $policy }
do-paths = chemins
do-between = paiements entre eux
do-explain = pourquoi un même propriétaire
do-open-old = ouvrir un graphe de version 1
do-set-level = niveau
do-set-layout = disposition
do-set-folds = replier
do-set-filter = filtre
work-look-up = Consultation
work-open = Ouverture
work-save = Enregistrement
work-trace = Traçage
work-paths = Recherche
work-arrange = Disposition
work-copy = Copie
work-export = Écriture
work-bundle = Collecte et signature
loading = Chargement…
say-undone = Annulé : { $what }.
say-redone = Rétabli : { $what }.
say-nothing-to-undo = Rien à annuler.
say-nothing-to-redo = Rien à rétablir.
say-select-node = Sélectionnez d’abord un nœud.
say-select-subject = Sélectionnez d’abord une adresse, une entité ou une transaction.
say-select-address = Sélectionnez d’abord une adresse.
say-select-two = Sélectionnez d’abord exactement deux adresses.
say-select-of-one-chain = Sélectionnez d’abord de 2 à 100 adresses d’une même chaîne.
say-selected = { $n } sélectionnés.
say-impossible = { $name } : impossible maintenant.
say-impossible-select = { $name } : impossible maintenant ; sélectionnez d’abord un nœud.
say-no-further = Rien n’est dessiné dans ce sens.
say-followed = Suivi jusqu’à { $name }.
say-expanded = { $n ->
    [one] { $n } nouveau nœud.
   *[other] { $n } nouveaux nœuds.
    }
say-failed-again = { $n ->
    [one] { $n } requête a échoué
   *[other] { $n } requêtes ont échoué
    } ; recommencez pour redemander.
say-collapsed = { $n } retirés ; leur argent figure dans ce qui est omis.
say-nothing-collapses = Rien n’y tient que par lui.
say-removed = { $n } retirés ; leur argent figure dans ce que les voisins omettent.
say-in-graph = C’est dans le graphe.
say-added = { $n ->
    [one] { $n } nœud ajouté.
   *[other] { $n } nœuds ajoutés.
    }
say-not-found = Introuvable : { $list }.
say-ambiguous = Plusieurs sens, le premier a été pris : { $list }.
say-type-something = Saisissez une adresse, une transaction ou un nom.
say-too-many = { $n } éléments ont été collés ; 1 000 au plus sont ajoutés à la fois.
say-too-many-items = 50 éléments au plus sont ajoutés à un dossier à la fois.
say-more-items = { $n } éléments de plus ne sont pas dessinés.
say-nothing-to-start = Rien de { $what } { $id } n’est sur une chaîne.
say-started = { $n } de { $what } { $id }.
say-traced = Trace par { $policy } :
say-trace-left = { $n ->
    [one] { $n } nœud
   *[other] { $n } nœuds
    } de la trace non dessinés.
say-whole-values = Les valeurs entières de { $n } transactions n’ont pas pu être lues.
say-no-path = Aucun chemin entre eux dans les limites de la recherche.
say-paths = Chemins dessinés.
say-between = { $n ->
    [one] { $n } paiement dessiné
   *[other] { $n } paiements dessinés
    } entre eux.
say-more-between = { $n } de plus ne sont pas listés.
say-none-between = Le registre n’a aucun paiement entre eux.
say-joined = D’un même propriétaire en { $n ->
    [one] { $n } étape
   *[other] { $n } étapes
    } : { $how }.
say-not-joined = Rien ne dit qu’ils ont un même propriétaire.
say-arranged = Disposé par { $layout }.
say-lasso = Lasso : glissez autour des nœuds.
say-no-lasso = Lasso désactivé.
say-utc = Heures en UTC.
say-local = Heures de votre fuseau.
say-copied = Copié.
say-file = { $format } écrit.
say-file-selected = { $format } des { $n } sélectionnés écrit.
say-saved = Enregistré dans le dossier { $id } comme version { $version }, élément { $item }.
say-conflict = Non enregistré : { $why } Chargez la version plus récente, ou enregistrez sous un autre titre.
say-not-saved = Enregistrez d’abord le graphe dans un dossier.
say-versions = { $n ->
    [one] { $n } version.
   *[other] { $n } versions.
    }
say-shared = Le lien vers la version { $version } est copié.
say-shared-subject = Le lien vers le point de départ est copié ; enregistrez le graphe pour partager ce qui est dessiné.
say-reloaded = La version { $version } est dessinée.
say-in-case = { $n } ajoutés au dossier { $id } (élément { $items }).
say-tagged = Étiqueté { $label }.
say-bundled = Dossier de preuves de { $transactions } transactions et { $addresses } adresses écrit.
say-tick-first = Cochez d’abord des lignes.
say-opened = Le graphe tel qu’il a été enregistré.
say-opened-version = Version { $version }.
say-empty = Ajoutez une adresse, une transaction ou un nom, ou collez-en jusqu’à 1 000.
say-replay = Tel qu’il était { $at } : { $summary }
say-replay-end = Tel qu’il est : { $summary }
say-no-times = Aucun mouvement ici n’a d’heure.
saved-unreadable = Le graphe enregistré a une forme que cette version ne lit pas.
api-status = Le serveur a répondu { $status } à { $path }.
no-canvas = Ce navigateur n’offre pas de surface de dessin.
picture-too-large = L’image est trop grande pour ce navigateur ; le SVG n’a pas cette limite.
newer = { $by } a enregistré la version { $version } de ce graphe.
newer-load = La charger
newer-keep = Garder la mienne
set = Fixer
apply = Appliquer
close = Fermer
name = Nom
title = Titre
case = Dossier
asset = Actif
asset-all = tous
category = Catégorie
category-example = plateforme d’échange
chain = Chaîne
direction = Sens
policy = Méthode
policy-haircut = haircut (au prorata)
policy-fifo = premier entré, premier sorti
policy-lifo = dernier entré, premier sorti
policy-poison = poison (en totalité)
sort = Tri
sort-amount = les plus gros d’abord
sort-newest = les plus récents d’abord
sort-oldest = les plus anciens d’abord
side = Côté
side-out = où c’est allé
side-in = d’où cela vient
side-both = les deux
by = Compté par
by-address = adresse
by-entity = entité
by-transaction = transaction
least-amount = Montant minimal
from-day = À partir du jour (UTC)
until-day = Jusqu’au jour (UTC)
note-title = Note
note-field = Note (vide la retire)
group-title = Groupe
group-button = Grouper
trace-title = Tracer l’argent
trace-button = Tracer
trace-forward = vers l’aval
trace-backward = vers l’amont
trace-hops = Au plus tant de transactions de distance
trace-edges = Au plus tant de mouvements
trace-no-bound = la limite du serveur
trace-services = Continuer à travers les services
trace-needs-asset = Étendez d’abord l’adresse, pour connaître ses actifs.
expand-title = Étendre dans des limites
expand-button = Étendre
expand-most = Au plus tant de nœuds par côté
expand-category = Seulement ces catégories (entre virgules)
expand-needs-asset = Un montant minimal demande un actif.
filter-title = Filtres
filter-show = Afficher { $unit }
filter-least = Minimum par mouvement
filter-most = Maximum
filter-least-of = Minimum { $unit }
filter-most-of = Maximum { $unit }
filter-risk = Arêtes qui commencent ou finissent au risque
filter-categories = Masquer des catégories
filter-dust = Masquer la poussière : moins de 546 unités de base de BTC, un millième d’unité d’autres actifs
filter-all = Tout afficher
add-title = Ajouter au graphe
add-button = Ajouter
add-field = Adresses, transactions ou noms ; un ou jusqu’à 1 000
add-file = Ou un fichier CSV ou texte
add-placeholder = Ajouter adresse, transaction ou nom
file-too-large = Le fichier dépasse 1 Mo.
found = Trouvé
found-count = { $n } trouvés
find-all = Sélectionner tout ce qui est trouvé
save-title = Enregistrer dans un dossier
save-button = Enregistrer
save-next = Enregistrer la version { $version }
versions-title = Versions de ce graphe
versions-row = Version { $version }, par { $by }, { $at }
versions-this = (celle-ci)
case-title = { $n ->
    [one] Ajouter à un dossier
   *[other] En ajouter { $n } à un dossier
    }
case-button = Ajouter
case-why = Ce que c’est, ou pourquoi
tag-title = Étiquette propre
tag-button = Fixer
tag-label = Étiquette
tag-source = Source : comment vous le savez
tag-source-example = rapport du 2026-11-26, URL, dossier 12
tag-category = Catégorie
tag-confidence = Fiabilité
tag-for-desk = Étiquette pour tout le poste de travail (sinon dans ce graphe seulement)
confidence-unknown = non évalué
confidence-heuristic = heuristique
confidence-web_crawl = trouvé sur le web
confidence-forensic = rapport d’expertise
confidence-manual_transaction = transaction propre avec elle
confidence-ownership = propriété prouvée
panel = Panneau
panel-about = Sélection, arbre et tableau
panel-empty = Sélectionnez un nœud ou une arête, à la souris, par Tab et les flèches, ou dans l’arbre. ? affiche toutes les touches.
stands-for = Représente
inside-it = À l’intérieur
inside-text = { $sum } en { $n ->
    [one] { $n } mouvement
   *[other] { $n } mouvements
    }
do-case-short = Ajouter au dossier
do-tag-short = Étiquette
do-trace-short = Tracer
do-expandby-short = Étendre par…
open-page = Ouvrir sa page
watch = Surveiller
flag = Émettre un signalement
about-tags = Étiquettes et propriétaire
about-entity = Une des { $n } adresses de { $name }.
about-no-tags = Aucune étiquette ne la nomme.
about-exposure = Exposition
about-activity = Activité
about-counterparties = Contreparties dans le registre
nothing-known = Rien n’est connu.
received-from = Reçu de (dessiné)
paid-to = Payé à (dessiné)
nothing-drawn = Rien n’est dessiné.
not-looked-up = Non consulté.
more-in-table = { $n } de plus dans le tableau.
more-rows = { $n } lignes de plus
first-rows = Les { $n } premières sur { $all } ; le CSV les a toutes.
filter-rows = Filtrer les lignes
tick = Cocher { $name }
add-ticked = Ajouter les cochés
in-movements = en { $n ->
    [one] { $n } mouvement
   *[other] { $n } mouvements
    }
rows-total = En tout : { $sum }.
rows-rest = Non listé : { $n ->
    [one] { $n } ligne
   *[other] { $n } lignes
    }, { $sum }.
row-created = créé (miné ou émis)
row-destroyed = détruit (brûlé)
row-fee = frais
row-unknown = non connu
row-address = adresse
row-entity = entité
row-transaction = transaction
exposure-source = D’où vient son argent
exposure-destination = Où est allé son argent
exposure-parts = direct { $direct }, indirect { $indirect }
exposure-rest = { $share } % ne sont d’aucune catégorie connue.
activity-said = A reçu { $received } et envoyé { $sent } du { $from } au { $to }.
as-table = En tableau
column-from = De
column-to = À
column-amount = Montant
column-movements = Mouvements
column-first = Premier
column-last = Dernier
column-marked = Tracé
column-who = Qui
column-count = Nombre
column-label = Étiquette
column-category = Catégorie
column-source = Source
column-confidence = Fiabilité
column-updated = Mis à jour
column-month = Mois
column-received = Reçu
column-sent = Envoyé
selected = { $n } sélectionnés
between-them = Entre eux
no-edge-between = Aucune arête dessinée.
in-common = En commun
no-common = Aucun voisin dessiné de tous.
same-entity = D’une même entité
entity-of = { $name } : { $n } d’entre eux
span-of = Mouvements du { $first } au { $last }.
tree-about = Le graphe en arbre
shown-from = Affiché depuis
shown-until = Affiché jusqu’à
shown-range = { $from } à { $to }
replay-play = Rejouer
replay-stop = Arrêter
replay-at = tel qu’il était { $at }
print-by = Imprimé par { $by }, { $at }
print-nobody = ce poste de travail
print-more = { $n } arêtes de plus sont dans le CSV.
action-crossings = Échanges et ponts
say-select-account = Sélectionnez d’abord une adresse d’une chaîne à comptes.
say-crossings =
    { $n ->
        [one] { $n } échange ou pont dessiné.
       *[other] { $n } échanges et ponts dessinés.
    }
say-half-crossings = De { $n }, une seule extrémité est connue.
say-more-crossings = Les plus anciens ne sont pas listés.
entity-members = Adresses
entity-within = Entre les siennes
key-space = Espace
say-nowhere = Sur aucune chaîne que ce poste de travail enregistre : { $list }.
worth-unknown = prix inconnu
worth-now = { $value } au prix actuel
worth-unread = La table des prix n’a pas pu être lue.
drawn-sum = Dessiné : { $sum }
about-figures = Chiffres de toute la chaîne
figures-as-of = { $name }, au bloc { $height }
