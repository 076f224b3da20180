kind-entity = entidad
kind-address = dirección
kind-transaction = transacción
kind-note = nota
kind-group = grupo
kind-service = servicio
kind-alert = alerta
kind-case = caso
kind-event = evento
kind-request = solicitud
kind-customer = cliente
kind-subject = persona investigada
risk = Riesgo
risk-severe = muy alto
risk-high = alto
risk-medium = medio
risk-low = bajo
risk-unknown = desconocido
risk-is = riesgo { $risk }
risk-score = puntuación de riesgo { $score }
link-payment = pago
link-swap = intercambio
link-bridge = puente
link-inferred = vínculo deducido
level = Nivel
level-transaction = Transacciones
level-address = Direcciones
level-entity = Entidades
layout-flow = flujo
layout-time = tiempo
layout-force = fuerzas
layout-manual = mano
fold-peels = cadena de pelado de { $n } transacciones
fold-joins = { $n } coinjoins
parts = { $n ->
    [one] { $n } parte
   *[other] { $n } partes
    }
nodes = { $n ->
    [one] { $n } nodo
   *[other] { $n } nodos
    }
movements = { $n ->
    [one] { $n } movimiento
   *[other] { $n } movimientos
    }
inside = { $n } dentro
more-assets = { $n ->
    [one] { $n } activo más
   *[other] { $n } activos más
    }
and = y
and-more = y { $n } más
nothing = nada
unknown = desconocido
itself = a sí mismo (cambio)
smallest-units = { $amount } unidades mínimas de { $unit }
units-of = unidades de { $unit }
amount-unknown-of = importe desconocido ({ $unit })
at-least = al menos { $amount }
bad-amount = Un importe son cifras con un punto como mucho, como 0.5.
bad-decimals = { $unit } tiene { $n } decimales.
bad-day = { $field }: escriba un día como 2026-11-26.
time-unknown = hora desconocida
time = Hora
edge-marked = { $amount } rastreado
edge-all-marked = { $amount }, todo rastreado
edge-part-marked = { $amount } de { $whole } rastreado ({ $share })
rest-more = +{ $n } más
rest-others = otros no listados
rest-unlisted = { $n ->
    [one] { $n } movimiento no listado
   *[other] { $n } movimientos no listados
    }
rest-at-least = { $what }, al menos { $sum }
rest-amount-unknown = { $what }, importe desconocido
not-drawn-before = no dibujado antes: { $rest }
not-drawn-after = no dibujado después: { $rest }
has-note = nota: { $note }
edge-sentence = { $sum } de { $from } a { $to } en { $link ->
    [payment] { $n ->
    [one] { $n } movimiento
   *[other] { $n } movimientos
    }
    [swap] un intercambio
    [bridge] un puente
   *[other] un vínculo deducido
    }
summary = { $nodes ->
    [one] { $nodes } nodo
   *[other] { $nodes } nodos
    }, { $edges ->
    [one] { $edges } arista
   *[other] { $edges } aristas
    } de { $movements ->
    [one] { $movements } movimiento
   *[other] { $movements } movimientos
    }
summary-hidden = ocultos por filtros: { $nodes ->
    [one] { $nodes } nodo
   *[other] { $nodes } nodos
    }, { $movements ->
    [one] { $movements } movimiento
   *[other] { $movements } movimientos
    } de { $sum }
summary-undecided = { $n ->
    [one] { $n } movimiento
   *[other] { $n } movimientos
    } de hora o importe desconocidos a la vista
summary-mixed = { $n ->
    [one] { $n } transacción queda como nodo
   *[other] { $n } transacciones quedan como nodos
    } porque pagan en ellas varios o no se consultó quién pagó
tree-received = recibió { $sum }
tree-paid = pagó { $sum }
undated = { $n ->
    [one] { $n } movimiento
   *[other] { $n } movimientos
    } sin hora
keys-look = Ver
keys-follow = Seguir
keys-arrange = Ordenar
keys-select = Seleccionar
keys-change = Cambiar
keys-file = Guardar y archivos
keys-mouse = Arrastrar mueve la imagen o los nodos; Mayús y arrastrar dibuja un lazo; la rueda amplía; un doble clic expande; el clic derecho abre el menú.
action-in = Acercar
action-out = Alejar
action-fit = Encajar todo
action-one = Tamaño completo
action-fitselected = Encajar la selección
action-panl = Mover a la izquierda
action-panr = Mover a la derecha
action-panu = Mover arriba
action-pand = Mover abajo
action-find = Buscar en el grafo
action-minimap = Mapa general
action-panel = Panel lateral
action-details = Detalles
action-tree = Árbol
action-table = Tabla
action-dust = Ocultar el polvo
action-filter = Filtros
action-level = Nivel: transacciones, direcciones, entidades
action-folds = Plegar cadenas de pelado y coinjoins
action-play = Reproducir en el tiempo, o parar
action-earlier = Un momento antes
action-later = Un momento después
action-zone = Horas en UTC o locales
action-add = Añadir al grafo
action-expand = Expandir ambos lados
action-expandout = Expandir adónde fue
action-expandin = Expandir de dónde vino
action-expandby = Expandir por importe, tiempo, activo o categoría
action-collapse = Plegar: quitar lo que solo cuelga de él
action-followout = Seguir el pago mayor
action-followin = Seguir hacia atrás el pago mayor
action-trace = Rastrear el dinero
action-paths = Caminos entre dos
action-between = Pagos entre los seleccionados
action-explain = Por qué un mismo dueño
action-right = Ir adonde más fue
action-left = Ir de donde más vino
action-up = Ir al vecino mayor
action-down = Ir al vecino menor
action-flow = Ordenar por flujo
action-time = Ordenar por tiempo
action-force = Ordenar por fuerzas
action-movel = Mover a la izquierda
action-mover = Mover a la derecha
action-moveu = Mover arriba
action-moved = Mover abajo
action-pin = Dejarlo donde está
action-unpin = Permitir que se mueva al ordenar
action-all = Seleccionar todo
action-invert = Seleccionar todos los demás
action-linked = Seleccionar también los vecinos
action-alike = Seleccionar todos los de esta categoría
action-lasso = Lazo
action-none = No seleccionar nada
action-undo = Deshacer
action-redo = Rehacer
action-remove = Quitar de la imagen
action-note = Nota
action-freenote = Nota suelta
action-label = Etiqueta propia
action-colour = Color siguiente
action-colourway = Color siguiente de todo un camino
action-group = Agrupar
action-ungroup = Desagrupar
action-copy = Copiar dirección o identificador
action-save = Guardar en un caso
action-versions = Versiones
action-share = Copiar enlace a este grafo
action-case = Añadir a un caso
action-png = Imagen (PNG)
action-svg = Imagen (SVG)
action-pdf = Imprimir o PDF
action-csv = Movimientos (CSV)
action-graphml = Grafo (GraphML)
action-bundle = Paquete firmado
action-json = Registro de este grafo (JSON)
action-menu = Menú de la selección
action-help = Teclas
bar-in = +
bar-out = −
bar-fit = Encajar
bar-expand = Expandir
bar-followout = Seguir
bar-trace = Rastrear
bar-flow = Ordenar
bar-folds = Plegar
bar-save = Guardar
toolbar = Grafo
export = Exportar
menu = Selección
legend = Riesgo de un nodo, y del dinero que salió de él
legend-crossing = intercambio o puente
stage = Imagen del grafo. Las flechas recorren el dinero, Intro expande, el signo de interrogación muestra todas las teclas; el árbol de al lado dice lo mismo.
graph = Grafo
graph-of = Grafo de { $subject }
do-look-up = consultar
do-add = añadir { $n }
do-remove = quitar { $n }
do-move = mover { $n }
do-mark = color, nota o etiqueta
do-group = agrupar
do-expand = expandir { $n }
do-arrange = ordenar por { $layout }
do-trace = rastrear { $direction } por { $policy }
do-paths = caminos
do-between = pagos entre ellos
do-explain = por qué un mismo dueño
do-open-old = abrir un grafo de la versión 1
do-set-level = nivel
do-set-layout = disposición
do-set-folds = plegar
do-set-filter = filtro
work-look-up = Consultando
work-open = Abriendo
work-save = Guardando
work-trace = Rastreando
work-paths = Buscando
work-arrange = Ordenando
work-copy = Copiando
work-export = Escribiendo
work-bundle = Reuniendo y firmando
loading = Cargando…
say-undone = Deshecho: { $what }.
say-redone = Rehecho: { $what }.
say-nothing-to-undo = Nada que deshacer.
say-nothing-to-redo = Nada que rehacer.
say-select-node = Seleccione primero un nodo.
say-select-subject = Seleccione primero una dirección, una entidad o una transacción.
say-select-address = Seleccione primero una dirección.
say-select-two = Seleccione primero exactamente dos direcciones.
say-select-of-one-chain = Seleccione primero de 2 a 100 direcciones de una cadena.
say-selected = { $n } seleccionados.
say-impossible = { $name }: no es posible ahora.
say-impossible-select = { $name }: no es posible ahora; seleccione primero un nodo.
say-no-further = No hay nada dibujado en esa dirección.
say-followed = Seguido hasta { $name }.
say-expanded = { $n ->
    [one] { $n } nodo nuevo.
   *[other] { $n } nodos nuevos.
    }
say-failed-again = { $n ->
    [one] Falló { $n } consulta
   *[other] Fallaron { $n } consultas
    }; repítalo para preguntar de nuevo.
say-collapsed = { $n } quitados; su dinero consta en lo omitido.
say-nothing-collapses = Nada cuelga solo de él.
say-removed = { $n } quitados; su dinero consta en lo que omiten los vecinos.
say-in-graph = Está en el grafo.
say-added = { $n ->
    [one] { $n } nodo añadido.
   *[other] { $n } nodos añadidos.
    }
say-not-found = No encontrado: { $list }.
say-ambiguous = Más de un significado, se tomó el primero: { $list }.
say-type-something = Escriba una dirección, una transacción o un nombre.
say-too-many = Se pegaron { $n } elementos; se añaden 1.000 como mucho a la vez.
say-too-many-items = Se añaden a un caso 50 elementos como mucho a la vez.
say-more-items = { $n } elementos más no están dibujados.
say-nothing-to-start = Nada de { $what } { $id } está en una cadena.
say-started = { $n } de { $what } { $id }.
say-traced = Rastreo por { $policy }:
say-trace-left = { $n ->
    [one] { $n } nodo
   *[other] { $n } nodos
    } del rastreo sin dibujar.
say-whole-values = No se pudieron leer los valores completos de { $n } transacciones.
say-no-path = Ningún camino entre ellos dentro de los límites de la búsqueda.
say-paths = Caminos dibujados.
say-between = { $n ->
    [one] { $n } pago dibujado
   *[other] { $n } pagos dibujados
    } entre ellos.
say-more-between = { $n } más no están listados.
say-none-between = El libro mayor no tiene ningún pago entre ellos.
say-joined = De un mismo dueño en { $n ->
    [one] { $n } paso
   *[other] { $n } pasos
    }: { $how }.
say-not-joined = Nada dice que tengan un mismo dueño.
say-arranged = Ordenado por { $layout }.
say-lasso = Lazo: arrastre alrededor de los nodos.
say-no-lasso = Lazo desactivado.
say-utc = Horas en UTC.
say-local = Horas en su zona.
say-copied = Copiado.
say-file = { $format } escrito.
say-file-selected = { $format } de los { $n } seleccionados escrito.
say-saved = Guardado en el caso { $id } como versión { $version }, elemento { $item }.
say-conflict = No se guardó: { $why } Cargue la versión más nueva, o guarde con otro título.
say-not-saved = Guarde primero el grafo en un caso.
say-versions = { $n ->
    [one] { $n } versión.
   *[other] { $n } versiones.
    }
say-shared = El enlace a la versión { $version } está copiado.
say-shared-subject = El enlace al origen está copiado; guarde el grafo para compartir lo dibujado.
say-reloaded = La versión { $version } está dibujada.
say-in-case = { $n } añadidos al caso { $id } (elemento { $items }).
say-tagged = Etiquetado como { $label }.
say-bundled = Paquete de { $transactions } transacciones y { $addresses } direcciones escrito.
say-tick-first = Marque primero filas.
say-opened = El grafo como se guardó.
say-opened-version = Versión { $version }.
say-empty = Añada una dirección, una transacción o un nombre, o pegue hasta 1.000.
say-replay = Como era { $at }: { $summary }
say-replay-end = Como es: { $summary }
say-no-times = Ningún movimiento de aquí tiene hora.
saved-unreadable = El grafo guardado tiene una forma que esta versión no lee.
api-status = El servidor respondió { $status } a { $path }.
no-canvas = Este navegador no ofrece lienzo.
picture-too-large = La imagen es demasiado grande para este navegador; el SVG no tiene ese límite.
newer = { $by } guardó la versión { $version } de este grafo.
newer-load = Cargarla
newer-keep = Conservar la mía
set = Fijar
apply = Aplicar
close = Cerrar
name = Nombre
title = Título
case = Caso
asset = Activo
asset-all = todos
category = Categoría
category-example = plataforma de intercambio
chain = Cadena
direction = Sentido
policy = Método
policy-haircut = haircut (en proporción)
policy-fifo = primero en entrar, primero en salir
policy-lifo = último en entrar, primero en salir
policy-poison = poison (todo)
sort = Orden
sort-amount = primero los mayores
sort-newest = primero los más nuevos
sort-oldest = primero los más antiguos
side = Lado
side-out = adónde fue
side-in = de dónde vino
side-both = ambos
by = Contado por
by-address = dirección
by-entity = entidad
by-transaction = transacción
least-amount = Importe mínimo
from-day = Desde el día (UTC)
until-day = Hasta el día (UTC)
note-title = Nota
note-field = Nota (vacía la quita)
group-title = Grupo
group-button = Agrupar
trace-title = Rastrear el dinero
trace-button = Rastrear
trace-forward = hacia delante
trace-backward = hacia atrás
trace-hops = Máximo de transacciones de distancia
trace-edges = Máximo de movimientos
trace-no-bound = el límite del servidor
trace-services = Seguir a través de servicios
trace-needs-asset = Expanda primero la dirección, para conocer sus activos.
expand-title = Expandir dentro de límites
expand-button = Expandir
expand-most = Máximo de nodos por lado
expand-category = Solo estas categorías (entre comas)
expand-needs-asset = Un importe mínimo necesita un activo.
filter-title = Filtros
filter-show = Mostrar { $unit }
filter-least = Mínimo por movimiento
filter-most = Máximo
filter-least-of = Mínimo { $unit }
filter-most-of = Máximo { $unit }
filter-risk = Aristas que empiezan o acaban en riesgo
filter-categories = Ocultar categorías
filter-dust = Ocultar el polvo: menos de 546 unidades base de BTC, una milésima de unidad de otros activos
filter-all = Mostrar todo
add-title = Añadir al grafo
add-button = Añadir
add-field = Direcciones, transacciones o nombres; uno o hasta 1.000
add-file = O un archivo CSV o de texto
add-placeholder = Añadir dirección, transacción o nombre
file-too-large = El archivo pasa de 1 MB.
found = Encontrado
found-count = { $n } encontrados
find-all = Seleccionar todo lo encontrado
save-title = Guardar en un caso
save-button = Guardar
save-next = Guardar la versión { $version }
versions-title = Versiones de este grafo
versions-row = Versión { $version }, por { $by }, { $at }
versions-this = (esta)
case-title = { $n ->
    [one] Añadir a un caso
   *[other] Añadir { $n } a un caso
    }
case-button = Añadir
case-why = Qué es, o por qué
tag-title = Etiqueta propia
tag-button = Fijar
tag-label = Etiqueta
tag-source = Fuente: cómo lo sabe
tag-source-example = informe de 2026-11-26, URL, caso 12
tag-category = Categoría
tag-confidence = Fiabilidad
tag-for-desk = Etiqueta para toda la mesa de trabajo (si no, solo en este grafo)
confidence-unknown = sin calificar
confidence-heuristic = heurística
confidence-web_crawl = hallado en la web
confidence-forensic = informe forense
confidence-manual_transaction = transacción propia con ella
confidence-ownership = propiedad probada
panel = Panel
panel-about = Selección, árbol y tabla
panel-empty = Seleccione un nodo o una arista, con el ratón, con Tab y flechas o en el árbol. ? muestra todas las teclas.
stands-for = Representa
inside-it = Dentro
inside-text = { $sum } en { $n ->
    [one] { $n } movimiento
   *[other] { $n } movimientos
    }
do-case-short = Añadir al caso
do-tag-short = Etiqueta
do-trace-short = Rastrear
do-expandby-short = Expandir por…
open-page = Abrir su página
watch = Vigilar
flag = Emitir una marca
about-tags = Etiquetas y dueño
about-entity = Una de { $n } direcciones de { $name }.
about-no-tags = Ninguna etiqueta la nombra.
about-exposure = Exposición
about-activity = Actividad
about-counterparties = Contrapartes en el libro mayor
nothing-known = No se sabe nada.
received-from = Recibido de (dibujado)
paid-to = Pagado a (dibujado)
nothing-drawn = No hay nada dibujado.
not-looked-up = Sin consultar.
more-in-table = { $n } más en la tabla.
more-rows = { $n } filas más
first-rows = Las primeras { $n } de { $all }; el CSV las tiene todas.
filter-rows = Filtrar filas
tick = Marcar { $name }
add-ticked = Añadir lo marcado
in-movements = en { $n ->
    [one] { $n } movimiento
   *[other] { $n } movimientos
    }
rows-total = En total: { $sum }.
rows-rest = Sin listar: { $n ->
    [one] { $n } fila
   *[other] { $n } filas
    }, { $sum }.
row-created = creado (minado o acuñado)
row-destroyed = destruido (quemado)
row-fee = comisiones
row-unknown = no conocido
row-address = dirección
row-entity = entidad
row-transaction = transacción
exposure-source = De dónde vino su dinero
exposure-destination = Adónde fue su dinero
exposure-parts = directo { $direct }, indirecto { $indirect }
exposure-rest = { $share } % no es de ninguna categoría conocida.
activity-said = Recibió { $received } y envió { $sent } de { $from } a { $to }.
as-table = Como tabla
column-from = De
column-to = A
column-amount = Importe
column-movements = Movimientos
column-first = Primero
column-last = Último
column-marked = Rastreado
column-who = Quién
column-count = Número
column-label = Etiqueta
column-category = Categoría
column-source = Fuente
column-confidence = Fiabilidad
column-updated = Actualizado
column-month = Mes
column-received = Recibido
column-sent = Enviado
selected = { $n } seleccionados
between-them = Entre ellos
no-edge-between = Ninguna arista dibujada.
in-common = En común
no-common = Ningún vecino dibujado de todos.
same-entity = De una misma entidad
entity-of = { $name }: { $n } de ellos
span-of = Movimientos de { $first } a { $last }.
tree-about = El grafo como árbol
shown-from = Mostrado desde
shown-until = Mostrado hasta
shown-range = { $from } a { $to }
replay-play = Reproducir
replay-stop = Parar
replay-at = como era { $at }
print-by = Impreso por { $by }, { $at }
print-nobody = esta mesa de trabajo
print-more = { $n } aristas más están en el CSV.
action-crossings = Intercambios y puentes
say-select-account = Seleccione primero una dirección de una cadena de cuentas.
say-crossings =
    { $n ->
        [one] { $n } intercambio o puente dibujado.
       *[other] { $n } intercambios y puentes dibujados.
    }
say-half-crossings = De { $n } solo se conoce un extremo.
say-more-crossings = Los más antiguos no están listados.
entity-members = Direcciones
entity-within = Entre las propias
key-space = Espacio
say-nowhere = En ninguna cadena que esta mesa de trabajo almacene: { $list }.
worth-unknown = precio desconocido
worth-now = { $value } al precio actual
worth-unread = No se pudo leer la tabla de precios.
drawn-sum = Dibujado: { $sum }
about-figures = Cifras de toda la cadena
figures-as-of = { $name }, hasta el bloque { $height }
