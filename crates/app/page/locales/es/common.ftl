# Head, navigation, and words that several pages share.
nav-desk = Mesa de trabajo
nav-skip = Ir al contenido
nav-menu = Menú
nav-close = Cerrar
nav-group-own = Mi trabajo
nav-group-investigate = Investigar
nav-group-monitor = Vigilar
nav-group-respond = Responder
nav-group-report = Informar
nav-group-share = Compartir
nav-group-prevent = Prevenir
nav-group-train = Formar
nav-group-administer = Administrar
nav-group-person = Su cuenta
nav-graph = Explorador
nav-chains = Cadenas de cuentas
nav-portal = Portal
nav-labs = Sus prácticas
nav-sign-in = Iniciar sesión
nav-api = API
nav-requests = Solicitudes
nav-cases = Casos
nav-alerts = Alertas
nav-holds = Bloqueos
nav-events = Eventos
nav-customers = Clientes
nav-rules = Reglas
nav-webhooks = Webhooks
nav-warnings = Avisos
nav-campaigns = Campañas
nav-officers = Agentes
nav-seizures = Incautaciones
nav-sharing = Intercambio
nav-recommendations = Recomendaciones
nav-changes = Cambios
nav-academy = Academia
nav-people = Personas
nav-jobs = Tareas
nav-audit = Registro de auditoría
nav-sessions = Sesiones
nav-transparency = Informe de transparencia
nav-courses = Cursos
nav-field-guide = Guía de campo

common-search = Buscar
common-search-label = Dirección, transacción, bloque o nombre
common-search-hint = Dirección, transacción, nombre
common-home = la página de inicio
common-ways-on = Busque arriba o vaya a { $home }.
common-error = La petición ha fallado
common-error-not-found = No encontrado
common-error-no-page = No hay ninguna página en { $path }.
common-error-method = A esta dirección se envían formularios; no hay en ella ninguna página que abrir.
common-error-query = Este enlace está incompleto o una parte es incorrecta: { $cause }.
common-error-form = Si envió un formulario, vuelva atrás en el navegador para corregirlo: lo que escribió sigue ahí.
common-key-for = Clave de { $name }. Una clave nueva la sustituye.
common-key-once = Solo se muestra una vez.
common-show = Mostrar
common-next-page = Página siguiente
common-none = Ninguno.
common-nobody = nadie

common-sign-in = Iniciar sesión
common-sign-out = Cerrar sesión
common-continue = Continuar
common-send = Enviar
common-save = Guardar
common-add = Añadir
common-attach = Adjuntar
common-approve = Aprobar
common-suspend = Suspender
common-withdraw = Retirar

common-kind = Tipo
common-process = Base legal
common-due = Plazo
common-state = Estado
common-agency = Organismo
common-country = País
common-customer = Cliente
common-decision = Decisión
common-reason = Motivo
common-text = Texto
common-note = Nota
common-typology = Tipología
common-amount = Importe
common-asset = Activo
common-address = Dirección
common-time = Hora
common-from = De
common-to = A
common-graph = grafo
common-files = Archivos
common-messages = Mensajes
common-by = por { $person }
common-time-by = { $time } por { $person }
common-file-facts = { $size } bytes, SHA-256 { $hash }

form-itself = formulario
form-file = Archivo
form-choose-file = elija un archivo
form-missing = falta el valor
form-no-number = «{ $text }» no es un número entero
form-none-of = { $field }: «{ $text }» no es ninguno de { $values }
form-no-flag = «{ $text }» no es ni true ni false
form-no-token = no es válido; vuelva a cargar la página y envíe el formulario

sign-in-title = Iniciar sesión
sign-in-intro = Las páginas de la mesa de trabajo requieren una clave. Las claves las crea un administrador, la primera en la máquina del servidor con { $command }.
sign-in-key = Clave
sign-in-refused = esta no es una clave de la mesa de trabajo
sign-in-late = el inicio de sesión tardó demasiado; inicie sesión de nuevo con su clave

passkey-waiting = Esperando a su dispositivo.
passkey-none = Este navegador no tiene aquí llaves de acceso; use una aplicación de autenticación.
passkey-silent = El dispositivo no respondió. Inténtelo de nuevo.

common-chain-height = { $chain } hasta el bloque { $height }
common-chain-empty = { $chain }, que aún no tiene ningún bloque
common-unknown = desconocido
common-yes = sí
common-no = no

# Counts with their nouns.
count-addresses = { $n ->
    [one] { $n } dirección
   *[other] { $n } direcciones
}
count-cases = { $n ->
    [one] { $n } caso
   *[other] { $n } casos
}
count-customers = { $n ->
    [one] { $n } cliente
   *[other] { $n } clientes
}
count-days = { $n ->
    [one] { $n } día
   *[other] { $n } días
}
count-ends = { $n ->
    [one] { $n } final
   *[other] { $n } finales
}
count-findings = { $n ->
    [one] { $n } hallazgo
   *[other] { $n } hallazgos
}
count-hints = { $n ->
    [one] { $n } pista
   *[other] { $n } pistas
}
count-hours = { $n ->
    [one] { $n } hora
   *[other] { $n } horas
}
count-items = { $n ->
    [one] { $n } elemento
   *[other] { $n } elementos
}
count-labs = { $n ->
    [one] { $n } práctica
   *[other] { $n } prácticas
}
count-minutes = { $n ->
    [one] { $n } minuto
   *[other] { $n } minutos
}
count-outputs = { $n ->
    [one] { $n } salida
   *[other] { $n } salidas
}
count-points = { $n ->
    [one] { $n } punto
   *[other] { $n } puntos
}
count-seconds = { $n ->
    [one] { $n } segundo
   *[other] { $n } segundos
}
count-secrets = { $n ->
    [one] { $n } secreto
   *[other] { $n } secretos
}
count-sheets = { $n ->
    [one] { $n } hoja
   *[other] { $n } hojas
}
count-times = { $n ->
    [one] una vez
   *[other] { $n } veces
}

common-language = Idioma
common-meant = ¿Buscaba una de estas páginas?
common-list-comma = ,{" "}
common-classification = CONFIDENCIAL
common-printed-by = impreso por { $person }

common-to-case = Añadir a un caso
common-case-number = Caso (vacío: uno nuevo)
common-case-title = Título de un caso nuevo
common-by-whom = Persona

common-actions = Acciones
charts-table = Tabla
charts-unknown = desconocido
charts-left-out = No incluido: { $what }.
common-watch = Vigilar
common-flag = Emitir una marca
common-worth-unknown = precio desconocido
common-worth-then = { $value } en aquel momento
common-worth-now = { $value } al precio actual
common-to-new-case = A un caso nuevo
sign-on-button = Iniciar sesión con la cuenta de su organización
sign-on-continue = Continuar
