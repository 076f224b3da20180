# Words for names as the API writes them.

# States.
word-open = abierto
word-closed = cerrado
word-active = activo
word-released = liberado
word-expired = vencido
word-prepared = preparado
word-answered = respondido
word-registered = registrado
word-proved = dirección verificada
word-approved = aprobado
word-suspended = suspendido
word-returned = devuelto
word-moved = trasladado
word-proposed = propuesto
word-rejected = rechazado
word-accepted = aceptado
word-declined = declinado
word-done = hecho
word-draft = borrador
word-running = en curso
word-ended = terminado
word-planned = previsto
word-cancelled = cancelado
word-cooling = en reflexión
word-escalated = escalado
word-stopped = detenido
word-exported = exportado
word-confirmed = confirmado
word-withdrawn = retirado
word-lapsed = caducado

# Decisions and outcomes.
word-allow = permitir
word-review = revisar
word-hold = bloquear
word-reject = rechazar
word-true_positive = verdadero positivo
word-false_positive = falso positivo
word-inconclusive = no concluyente
word-granted = concedida
word-partly = concedida en parte
word-refused = denegada
word-forged = falsificada

# Requests: kinds, targets, classes of data, how a customer was found, who wrote.
word-information = información
word-preservation = conservación
word-freeze = embargo preventivo
word-seizure = incautación
word-emergency_disclosure = revelación de emergencia
word-address = dirección
word-transaction = transacción
word-email = correo
word-phone = teléfono
word-user_id = identificador de usuario
word-name = nombre
word-card = tarjeta
word-card_fingerprint = huella de tarjeta
word-iban = IBAN
word-bank_account = cuenta bancaria
word-account = cuenta
word-document = documento
word-device = dispositivo
word-ip = dirección IP
word-subscriber = abonado
word-kyc = KYC
word-access = accesos
word-transactions = transacciones
word-balances = saldos
word-instruments = medios de pago
word-content = contenido
word-direct = consta en una ficha
word-paid = pagado por el cliente
word-named = nombrado en un evento
word-cluster = en el mismo clúster
word-traced = por rastreo
word-officer = agente
word-desk = mesa de trabajo

# Signs of forgery.
word-look-alike-domain = dominio que imita a otro
word-foreign-characters = caracteres extraños
word-free-mail = correo gratuito
word-unverified-domain = dominio no verificado
word-wrong-country = país erróneo
word-wrong-agency = organismo erróneo
word-new-officer = agente nuevo
word-call-back-missing = falta la llamada de comprobación
word-call-back-denied = desmentido en la llamada
word-reference-reused = referencia ya usada
word-duplicate = duplicado
word-unusual-volume = volumen inusual

# Cases: kinds of items, roles, custody, reports, teams, results of the search.
word-subject = persona investigada
word-exhibit = evidencia
word-note = nota
word-task = tarea
word-trace = rastreo
word-graph = grafo
word-request = solicitud
word-alert = alerta
word-event = evento
word-case = caso
word-lead = responsable
word-member = miembro
word-viewer = lector
word-received = recibido
word-examined = examinado
word-destroyed = destruido
word-goaml = goAML
word-fincen-sar = FinCEN SAR
word-aml = PBC
word-platform = plataforma

# Events, actions on alerts, covers of holds, directions and policies of traces.
word-deposit = depósito
word-withdrawal = retirada
word-payment = pago
word-signup = alta
word-login = inicio de sesión
word-login_failed = inicio de sesión fallido
word-password_change = contraseña cambiada
word-two_factor_change = segundo factor cambiado
word-email_change = correo cambiado
word-phone_change = teléfono cambiado
word-address_added = dirección añadida
word-api_key_created = clave de API creada
word-identity_check = comprobación de identidad
word-bank = banco
word-settled = liquidado
word-chargeback = contracargo
word-assign = asignar
word-comment = comentar
word-close = cerrar
word-reopen = reabrir
word-asset = activo
word-amount = importe
word-forward = hacia delante
word-backward = hacia atrás
word-poison = poison
word-haircut = haircut
word-fifo = FIFO
word-lifo = LIFO

# Changes, sources, imported objects.
word-rules = libro de reglas
word-key = clave
word-source = fuente
word-taxii = TAXII
word-community = comunidad
word-misp = MISP
word-tag = etiqueta
word-flag = marca
word-kept = sin efecto aquí

# Scams.
word-investment = inversión
word-romance = romance
word-impersonation = suplantación
word-recovery = recuperación de fondos
word-extortion = extorsión
word-phishing = phishing
word-other = otro

# Ways to hold a session.
word-in_person = presencial
word-online = en línea

# Categories of tags.
word-unattributed = sin atribuir
word-sanction = sanción
word-terrorism = terrorismo
word-child_abuse = abuso de menores
word-ransomware = ransomware
word-service_hack = ataque a un servicio
word-black_list = lista negra
word-extremism = extremismo
word-scam = estafa
word-ponzi_scheme = esquema Ponzi
word-pyramid_scheme = esquema piramidal
word-investment_fraud = fraude de inversión
word-sextortion = sextorsión
word-blackmail = chantaje
word-rug_pull = rug pull
word-illicit_market = mercado ilícito
word-other_abuse = otro abuso
word-market = mercado
word-mixing_service = servicio de mezcla
word-coinjoin = coinjoin
word-gambling = apuestas
word-atm = cajero
word-defi_bridge = puente DeFi
word-exchange = plataforma de intercambio
word-hosted_wallet = monedero custodiado
word-wallet_service = servicio de monedero
word-payment_processor = procesador de pagos
word-miner = minero
word-mining_service = servicio de minería
word-service = servicio
word-defi = DeFi
word-defi_dex = intercambio DeFi
word-defi_lending = préstamos DeFi
word-organization = organización
word-donation = donación
word-faucet = grifo
word-hosting = alojamiento
word-user = usuario
word-perpetrator = autor
word-coinbase = coinbase
word-unknown_origin = origen desconocido
word-unspent = sin gastar
word-fee = comisión

# Typologies.
word-structuring = fraccionamiento
word-rapid_pass_through = paso rápido
word-fan_in = concentración
word-fan_out = dispersión
word-cycle = ciclo
word-peel_chain = cadena de pelado
word-mixer_exposure = exposición a mezclador
word-coinjoin_exposure = exposición a coinjoin
word-ransomware_payment = pago de ransomware
word-address_poisoning = envenenamiento de direcciones
word-dusting = dusting
word-card_cash_out = retirada de efectivo con tarjeta
word-fake_account_ring = red de cuentas falsas
word-account_takeover = toma de control de cuenta
word-mule = mula
word-scam_victim = víctima de estafa

# Findings in seized material, and how sure they are.
word-bip39 = frase BIP39
word-bip39_partial = parte de una frase BIP39
word-electrum = frase de Electrum
word-slip39 = parte SLIP-39
word-wif = clave privada (WIF)
word-bip38 = clave privada (BIP38)
word-extended_private_key = clave privada extendida
word-extended_public_key = clave pública extendida
word-wallet_file = archivo de monedero
word-low = bajo
word-medium = medio
word-high = alto

# Kinds of transfers of account chains, and whether an asset's transfers agree.
word-transfer-value = pago
word-transfer-internal = dentro de la transacción
word-transfer-fee_burn = comisión, quemada
word-transfer-fee_tip = comisión, al productor
word-transfer-fee_blob = comisión por blobs
word-transfer-fee_l1 = comisión por datos
word-transfer-reward = recompensa
word-transfer-withdrawal = retirada
word-transfer-token = token
word-transfer-wrap = wrap
word-transfer-unwrap = unwrap
word-transfer-mint = acuñación
word-transfer-burn = quema
word-transfer-genesis = primer bloque
word-transfer-fork = cambio de reglas
word-transfer-system_deposit = depósito de la cadena base
word-transfer-adjust = ajuste
word-backing-backed = concuerdan entre sí
word-backing-unbacked = se contradicen
word-backing-unknown = se desconoce si concuerdan: no todas están almacenadas

# Why traces over account chains end; what joins addresses of them.
word-made = creado
word-unread = acuñado o destruido por un contrato que nadie lee
word-opening = existente antes del primer bloque
word-elsewhere = en una cadena que no está almacenada
word-hops = límite de saltos
word-edges = límite de transferencias
word-sweep = barridos de direcciones de depósito
word-deposit-reuse = pagos a una misma dirección de depósito
word-gas-funding = gas pagado

# How an issuer's freeze stands; kinds of contracts, and what they rest on.
word-freeze-proposed = propuesto
word-freeze-withdrawn = retirado
word-freeze-frozen = congelado
word-freeze-destroyed = destruido
word-freeze-lifted = levantado
word-contract-entry_point = punto de entrada de operaciones de usuario (ERC-4337)
word-contract-mixer = mezclador
word-contract-bridge = puente
word-contract-safe = Safe
word-contract-multisig = monedero de varios propietarios
word-contract-smart_account = cuenta inteligente (ERC-4337)
word-contract-router = enrutador de intercambios
word-contract-pool = pool
word-contract-forwarder = dirección de depósito que reenvía
word-contract-factory = fábrica de contratos
word-contract-wrapper = envoltorio de la moneda de la cadena
word-contract-multi_token = token de varios identificadores (ERC-1155)
word-contract-non_fungible = token de piezas únicas (ERC-721)
word-contract-token = token
word-contract-by-published = lo publica su proyecto, o la fábrica que lo creó
word-contract-by-transfers = hay transferencias de su token almacenadas; cualquiera puede escribir un contrato así
word-contract-by-mixer_moves = hay depósitos y retiradas de una misma denominación almacenados; cualquiera puede escribir un contrato así
word-contract-by-user_operations = actuó en operaciones de usuario

# States of rules, records of customers, movements.
word-live = activa
word-shadow = en sombra
word-off = desactivada
word-customer = cliente
word-deposit_address = dirección de depósito
word-failed = fallido
word-broadcast = difundido
word-sent = enviado
word-pending = pendiente
word-waiting = en espera

word-severe = muy alto
word-unknown = desconocido
word-all = todos
word-same-customer = mismo cliente
word-same-counterparty = misma contraparte
word-same-rule = misma regla
word-sort-risk = riesgo
word-sort-oldest = primero las más antiguas
word-sort-newest = primero las más nuevas
word-sort-value = valor
word-sort-customer = cliente
word-sort-rule = regla
word-sort-assignee = responsable
word-about-hold = bloqueo
word-about-request = solicitud
word-about-report = informe del caso
word-about-change = cambio
word-about-officer = agente
word-shared-device = dispositivo
word-shared-instrument = tarjeta o cuenta bancaria
word-shared-iban = cuenta bancaria
word-shared-document = documento de identidad
word-shared-email = correo
word-shared-phone = teléfono

word-customers = clientes
word-rescreen_all = nuevo control de todas las transferencias
word-ledger_check = comprobación de un libro mayor
word-ledger_rebuild = vínculos, señales y clústeres rehechos
