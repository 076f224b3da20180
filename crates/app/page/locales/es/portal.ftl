# The officers' portal.
portal-nav = Portal
portal-home-title = Sus solicitudes
portal-home-none = Todavía no ha enviado ninguna solicitud.
portal-home-reference = Referencia

portal-sign-in-title = Portal de solicitudes
portal-sign-in-heading = Portal de solicitudes para las autoridades
portal-sign-in-intro = Escriba su dirección oficial. Debe pertenecer a un dominio de correo de su organismo que la plataforma de intercambio haya verificado. Recibirá un código por correo.
portal-sign-in-email = Dirección oficial
portal-sign-in-name = Nombre (solo la primera vez)
portal-sign-in-button = Enviar un código

portal-code-title = Su código
portal-code-intro = Si { $email } está admitida, se ha enviado allí un código por correo. El código vale una vez, durante 15 minutos. Se puede enviar otro pasados tres minutos.
portal-code-label = Código
portal-code-again = Usar otra dirección o pedir otro código

portal-factor-title = Segundo factor
portal-factor-passkey = Usar su llave de acceso
portal-factor-app = O una aplicación de autenticación
portal-factor-intro = Añada este secreto a su aplicación de autenticación y escriba después el código que muestra la aplicación. El secreto solo se muestra una vez.
portal-factor-open = Abrir en la aplicación
portal-factor-secret = { $link }, o escriba el secreto: { $secret }
portal-factor-code = Código de la aplicación

portal-passkey-intro = Una llave de acceso (passkey) se guarda en su ordenador, teléfono o llave de seguridad y se desbloquea con la huella o un PIN. Solo funciona en este sitio, así que ningún otro puede obtenerla.
portal-passkey-name = Nombre del dispositivo
portal-passkey-default-name = mi dispositivo
portal-passkey-add = Añadir una llave de acceso

portal-waiting-title = En espera de aprobación
portal-waiting-text = Su dirección y su segundo factor están verificados. Ahora debe aprobarle una persona de la plataforma de intercambio; entonces recibirá un correo.

portal-me-title = Perfil y claves
portal-me-intro = Las respuestas se cifran para estas claves. Cree una con { $command }; su parte secreta se queda con usted.
portal-me-recipients = destinatarios de age, uno por línea
portal-me-passkeys = Llaves de acceso
portal-me-passkey = { $name }, desde { $created }
portal-me-passkey-used = último uso { $used }
portal-me-passkey-remove = Eliminar { $name }
portal-me-app = Configurar además una aplicación de autenticación

portal-new-title = Nueva solicitud
portal-new-sender = De { $name }, { $agency }.
portal-new-token = Formulario
portal-new-reference = Su referencia
portal-new-kind = Tipo de solicitud
portal-new-process = Base legal
portal-new-targets = Objetos de la solicitud
portal-new-more = Hasta { $rows } más
portal-new-rows = cada fila necesita todos sus campos
portal-new-target = Tipo de objeto
portal-new-value = Valor
portal-new-asset = Activo, si lo hay
portal-new-from = Desde (direcciones IP; UTC)
portal-new-to = Hasta
portal-new-scope = Límites (horas en UTC)
portal-new-scope-from = Periodo desde
portal-new-scope-to = Periodo hasta
portal-new-accounts = Cuentas
portal-new-assets = Activos
portal-new-classes = Clases de datos (no para embargos preventivos ni incautaciones)
portal-new-states = La orden es, o declara
portal-new-emergency = Urgente, según la define la base legal
portal-new-gag = No notificar al usuario hasta
portal-new-statement = Motivos

portal-class-subscriber = abonado: nombre, nacimiento, domicilio, correo, teléfono
portal-class-kyc = documentos y resultados de las comprobaciones de identidad (KYC)
portal-class-access = direcciones IP y dispositivos, para identificar al usuario
portal-class-transactions = depósitos, retiradas, operaciones, pagos
portal-class-balances = saldos de las cuentas
portal-class-instruments = tarjetas y cuentas bancarias
portal-class-content = mensajes con el servicio de atención

portal-state-judge = dictada por un juez o tribunal
portal-state-prosecutor = emitida por un fiscal
portal-state-validated = validada por un juez, tribunal o fiscal
portal-state-serious-offence = el delito tiene una pena máxima de tres años o más, o figura en la lista
portal-state-central-authority = enviada por la autoridad central en virtud de un tratado
portal-state-danger = hay peligro para la vida o la integridad física, como exponen los motivos

portal-request-title = Solicitud { $reference }
portal-request-sent = Enviada
portal-request-about = Objetos
portal-request-answers = Respuestas
portal-request-package-name = Paquete { $number }
portal-request-package = { $link }, hasta { $until }, cifrado para su clave; SHA-256 { $hash }
portal-request-no-files = Aún no hay archivos. Adjunte la orden.
portal-request-message = Mensaje a la plataforma de intercambio
