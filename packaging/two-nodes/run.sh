#!/usr/bin/env bash
# packaging/two-nodes/run.sh BINARY    builds a deployment of two nodes on this machine, loads it, breaks it, repairs it, and prints how long each fault kept
# clients waiting. BINARY: the program. Needs root, PostgreSQL's programs, ip, and iptables or tc; takes about three minutes.
#
# Each host is a network namespace on a bridge of its own: desk1 and desk2 (`holdfast serve`, one of them a standby), db1 and db2 (PostgreSQL, the standby
# synchronous), client (`holdfast screen`). Hosts know each other by address only. Nothing outside the namespaces is changed; all of it goes at the end.
#
# It fails when an answer that a client got is lost or another afterwards, when two processes wrote, or when the audit log or a replay finds a difference.
set -euo pipefail

[ $# = 1 ] || { sed -n '2,8s/^# \{0,1\}//p' "$0" >&2; exit 2; }
[ "$(id -u)" = 0 ] || { echo "two-nodes: network namespaces need root; run it as root" >&2; exit 3; }
holdfast=$(realpath "$1")
bin=$(compgen -G '/usr/lib/postgresql/*/bin' | sort -V | tail -1) || { echo "two-nodes: PostgreSQL is not installed (/usr/lib/postgresql)" >&2; exit 3; }
command -v ip >/dev/null || { echo "two-nodes: ip (iproute2) is not installed" >&2; exit 3; }

work=$(mktemp -d)
chmod 755 "$work"
tag=hf$$
started=()
cd "$work"

say() { printf '== %s\n' "$*" >&2; }
fail() {
  echo "two-nodes: $*" >&2
  for log in *.log; do printf -- '-- the end of %s\n' "$log" >&2; tail -5 "$log" >&2; done
  exit 1
}

# ---- hosts -----------------------------------------------------------------------------------------------------------------------------------------------
address() { case $1 in desk1) echo 10.77.0.11 ;; desk2) echo 10.77.0.12 ;; db1) echo 10.77.0.21 ;; db2) echo 10.77.0.22 ;; client) echo 10.77.0.31 ;; esac; }
on() { local host=$1; shift; ip netns exec "$tag-$host" "$@"; }

end() {
  local host pid
  for pid in "${started[@]}"; do kill -CONT "$pid" 2>/dev/null || true; kill -9 "$pid" 2>/dev/null || true; done
  for host in db1 db2; do postgres_kill "$host" 2>/dev/null || true; done
  for host in desk1 desk2 db1 db2 client switch; do ip netns del "$tag-$host" 2>/dev/null || true; done
  rm -rf "$work"
}
trap end EXIT

network() {
  local host
  ip netns add "$tag-switch" || fail "no network namespaces here"
  on switch ip link add bridge type bridge
  on switch ip link set bridge up
  for host in desk1 desk2 db1 db2 client; do
    ip netns add "$tag-$host"
    on "$host" ip link set lo up
    on "$host" ip link add eth0 type veth peer name "$host" netns "$tag-switch"
    on "$host" ip address add "$(address "$host")/24" dev eth0
    on "$host" ip link set eth0 up
    on switch ip link set "$host" master bridge up
  done
}

# Packets between two hosts vanish without a word, as where a cable or a switch fails; `join` ends it.
cut() { rule -A "$1" "$2"; rule -A "$2" "$1"; }
join() { rule -D "$1" "$2"; rule -D "$2" "$1"; }
rule() { on "$2" iptables -w "$1" INPUT -s "$(address "$3")" -j DROP; }

# ---- PostgreSQL ------------------------------------------------------------------------------------------------------------------------------------------
postgres() { local host=$1; shift; on "$host" runuser -u postgres -- "$@"; }
sql() { on client "$bin/psql" -X -A -t -q -h "$(address "$1")" -U holdfast -d postgres -c "$2"; }
# The servers notice a lost peer within seconds. fsync is off: no power fails here.
settings='-c listen_addresses=* -c fsync=off -c wal_log_hints=on -c wal_keep_size=256MB -c wal_sender_timeout=3s -c wal_receiver_timeout=3s'
settings+=' -c wal_retrieve_retry_interval=200ms -c hot_standby=on -c logging_collector=off'
postgres_start() { postgres "$1" "$bin/pg_ctl" -D "$work/$1" -l "$work/$1.log" -o "$settings -k $work/$1-socket" -w start >/dev/null || fail "PostgreSQL on $1 does not start"; }
postgres_kill() {
  local server
  server=$(head -1 "$work/$1/postmaster.pid")
  # shellcheck disable=SC2046 # numbers
  kill -9 "$server" $(ps -o pid= --ppid "$server")
}
# Commits of HOST wait for its standby from now on.
synchronous() {
  sql "$1" "ALTER SYSTEM SET synchronous_standby_names = '*'"
  sql "$1" "SELECT pg_reload_conf()" >/dev/null
  until_true "a synchronous standby of $1" has_standby "$1"
}
has_standby() { [ "$(sql "$1" "SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'")" = 1 ]; }

databases() {
  local host
  for host in db1 db2; do install -d -o postgres -m 700 "$host"; install -d -o postgres -m 755 "$host-socket"; : >"$host.log"; chown postgres "$host.log"; done
  postgres db1 "$bin/initdb" -D "$work/db1" -U holdfast -A trust -N >/dev/null
  printf 'host all all 10.77.0.0/24 trust\nhost replication all 10.77.0.0/24 trust\n' >>db1/pg_hba.conf
  postgres_start db1
  standby_of db1 db2
  synchronous db1
}
standby_of() {
  postgres "$2" "$bin/pg_basebackup" -D "$work/$2" -R -X stream -c fast -N -d "host=$(address "$1") user=holdfast application_name=$2"
  # What its primary waits for, it does not once it is the primary.
  sed -i /synchronous_standby_names/d "$2/postgresql.auto.conf"
  postgres_start "$2"
}
# The old primary gets what it has alone taken away and follows the new one.
rejoin() {
  # Until its first checkpoint the new primary's files name the old timeline, and pg_rewind (before version 16) finds nothing to do.
  sql "$1" CHECKPOINT
  postgres "$2" "$bin/pg_rewind" -D "$work/$2" -R --source-server "host=$(address "$1") user=holdfast dbname=postgres" >>"$2.log" 2>&1 || {
    say "pg_rewind refused; a new base backup"
    find "$work/$2" -mindepth 1 -delete
    standby_of "$1" "$2"
    return
  }
  sed -i /synchronous_standby_names/d "$2/postgresql.auto.conf"
  postgres_start "$2"
}

# ---- desks -----------------------------------------------------------------------------------------------------------------------------------------------
database="postgres://holdfast@$(address db1),$(address db2)/postgres"
servers="http://$(address desk1):8650,http://$(address desk2):8650"
declare -A desk
# desk_start HOST ROLE
desk_start() {
  # Not by `on`: the number is that of the program.
  ip netns exec "$tag-$1" "$holdfast" serve --store "$work/$1" --database "$database" --role "$2" --listen "$(address "$1"):8650" >>"$1.log" 2>&1 &
  desk[$1]=$!
  started+=("$!")
}
ready() { [ "$(health "$1")" = 200 ]; }
lives() { [ -n "$(health "$1")" ]; }
health() { on client bash -c "exec 3<>/dev/tcp/$(address "$1")/8650 && printf 'GET /health/ready HTTP/1.0\r\nHost: $(address "$1"):8650\r\n\r\n' >&3 && head -1 <&3 | cut -d ' ' -f 2" 2>/dev/null || true; }
until_true() {
  local what=$1 n
  shift
  for ((n = 0; n < 1200; n++)); do "$@" && return; sleep 0.1; done
  fail "$what: not within two minutes"
}
ended() { ! kill -0 "$1" 2>/dev/null; }

desks() {
  "$holdfast" simulate chain chain --txs 1000 --seed 1 --no-truth >/dev/null
  "$holdfast" ingest chain/blocks --network regtest --ledger desk1/ledger >/dev/null
  on desk1 "$holdfast" --json keys create loader --scopes events --store desk1 --database "$database" >key.json
  sed -n 's/.*"token": *"\([^"]*\)".*/\1/p' key.json >key
  [ -s key ] || fail "no key: $(cat key.json)"
  cp -R desk1 desk2
  desk_start desk1 all
  until_true "the first desk" ready desk1
  desk_start desk2 standby
  until_true "the standby" lives desk2
}

# ---- load ------------------------------------------------------------------------------------------------------------------------------------------------
streams=2
# load PHASE: clients that send events until `stop`; each answer gets the time at which it came.
load() {
  local n
  clients=()
  for ((n = 1; n <= streams; n++)); do
    [ -s "$1-$n.jsonl" ] || events "$1-$n" >"$1-$n.jsonl"
    ip netns exec "$tag-client" "$holdfast" --json screen "$1-$n.jsonl" --server "$servers" --key-file key 2>>client.log > >(stamp >"$1-$n.times") &
    clients+=("$!")
    started+=("$!")
  done
  until_true "answers of $1" answers_above "$1" 500
}
events() {
  awk -v stream="$1" 'BEGIN { for (n = 0; n < 60000; n++) printf "{\"id\":\"%s-%d\",\"kind\":\"withdrawal\",\"time\":1780000000,\"customer\":\"c-%d\",\"asset\":\"ETH\",\"amount\":\"1000\",\"value\":%d,\"counterparty\":\"0x%040d\"}\n", stream, n, n % 500, 1000 + n % 7000, n % 900 }'
}
stamp() { while IFS= read -r line; do printf '%s %s\n' "$EPOCHREALTIME" "$line"; done; }
answers() { cat "$1"-*.times | wc -l; }
answers_above() { [ "$(answers "$1")" -gt "$2" ]; }
# goes_on PHASE: answers come again, to every client.
goes_on() {
  local n before
  for ((n = 1; n <= streams; n++)); do
    before=$(wc -l <"$1-$n.times")
    until_true "answers of $1 to client $n after the fault" above "$1-$n.times" $((before + 600))
  done
}
above() { [ "$(wc -l <"$1")" -gt "$2" ]; }
stop() {
  local pid
  for pid in "${clients[@]}"; do kill -TERM "$pid" 2>/dev/null || true; done
  for pid in "${clients[@]}"; do wait "$pid" || fail "a client of $1 ended with $?"; done
  # The clients' answers are whole once nobody writes them.
  sleep 0.3
}
# Longest time between two answers to one client, in seconds.
pause() {
  local n
  for ((n = 1; n <= streams; n++)); do awk 'NR > 1 && $1 - last > longest { longest = $1 - last } { last = $1 } END { printf "%.2f\n", longest }' "$1-$n.times"; done | sort -n | tail -1
}

rows=()
# row PHASE WHAT REPAIR
row() {
  local line
  line="| $2 | $(pause "$1") s | $(answers "$1") | $3 |"
  rows+=("$line")
  say "$line"
}

# exits WHO CODE: a process ends with a code.
exits() {
  local code=0
  until_true "the end of $1" ended "${desk[$1]}"
  wait "${desk[$1]}" || code=$?
  [ "$code" = "$2" ] || fail "$1 ended with $code, not $2"
}

# ---- faults ----------------------------------------------------------------------------------------------------------------------------------------------
say "five hosts"
network
databases
desks

say "nothing is broken"
load quiet; goes_on quiet; stop quiet
row quiet "nothing (the longest time between two answers under this load)" ""

say "the decider is killed"
load kill
kill -9 "${desk[desk1]}"
goes_on kill; stop kill
row kill "decider killed (SIGKILL)" "its node starts again as the standby"
wait "${desk[desk1]}" 2>/dev/null || true
desk_start desk1 standby; until_true "desk1 as a standby" lives desk1

say "the decider is stopped in order, as for an upgrade"
load upgrade
kill -TERM "${desk[desk2]}"
goes_on upgrade; stop upgrade
row upgrade "decider stopped in order (upgrade)" "the new version starts as the standby"
exits desk2 0
desk_start desk2 standby; until_true "desk2 as a standby" lives desk2

say "the decider freezes and wakes"
load freeze
kill -STOP "${desk[desk1]}"
goes_on freeze
kill -CONT "${desk[desk1]}"
exits desk1 3
stop freeze
row freeze "decider frozen (SIGSTOP); nobody does anything" "woken, it has written nothing and ends with code 3"
desk_start desk1 standby; until_true "desk1 as a standby" lives desk1

say "no packets between the decider and the primary"
load cut
cut desk2 db1
goes_on cut
join desk2 db1
exits desk2 3
stop cut
row cut "packets between decider and primary dropped" "reachable again, the earlier decider ends with code 3"
desk_start desk2 standby; until_true "desk2 as a standby" lives desk2

say "no packets between the primary and its standby"
load alone
cut db1 db2
sleep 4
before=$(answers alone)
sleep 2
[ "$(answers alone)" = "$before" ] || fail "acknowledged without a standby"
join db1 db2
goes_on alone; stop alone
row alone "packets between primary and standby dropped for 6 s" "nothing is acknowledged meanwhile; it goes on by itself"
until_true "a synchronous standby of db1" has_standby db1

say "the primary is killed"
load primary
postgres_kill db1
# What Patroni does: three looks, 200 ms apart, then the standby is promoted.
for _ in 1 2 3; do sleep 0.2; on client "$bin/pg_isready" -q -t 1 -h "$(address db1)" || true; done
postgres db2 "$bin/pg_ctl" -D "$work/db2" -w promote >/dev/null
goes_on primary; stop primary
row primary "primary killed (SIGKILL), standby promoted after 0.6 s" "see the next line"

say "the old primary comes back by itself, and is joined again"
load stray
postgres_start db1
goes_on stray
[ "$(sql db2 "SELECT count(*) FROM events WHERE id LIKE 'stray-%'")" -gt 0 ] || fail "events went to the old primary"
[ "$(sql db1 "SELECT count(*) FROM events WHERE id LIKE 'stray-%'")" = 0 ] || fail "the old primary took events"
postgres db1 "$bin/pg_ctl" -D "$work/db1" -m fast -w stop >/dev/null
rejoin db2 db1
synchronous db2
goes_on stray; stop stray
row stray "old primary started again, then joined as the standby" "pg_rewind; commits wait for it again"

# ---- what was acknowledged -------------------------------------------------------------------------------------------------------------------------------
say "every answer is asked for again"
total=0
for times in *.times; do
  name=${times%.times}
  sed 's/^[^ ]* //' "$times" >"$name.first"
  count=$(wc -l <"$name.first")
  head -"$count" "$name.jsonl" >"$name.again.jsonl"
  on client "$holdfast" --json screen "$name.again.jsonl" --server "$servers" --key-file key >"$name.second" 2>>client.log
  cmp -s "$name.first" "$name.second" || fail "$name: an answer is lost or another: $(diff "$name.first" "$name.second" | head -4)"
  total=$((total + count))
done
doubled=$(sql db2 "SELECT count(*) - count(DISTINCT id) FROM events")
[ "$doubled" = 0 ] || fail "$doubled events are stored twice"
for host in desk1 desk2; do
  # While the primary was away the standby may have taken over: the earlier decider has ended with code 3 then.
  if kill -TERM "${desk[$host]}" 2>/dev/null; then exits $host 0; else exits $host 3; fi
done
on desk1 "$holdfast" audit verify --store desk1 --database "$database" >verify.log 2>&1 || fail "audit verify"
on desk1 "$holdfast" audit replay --store desk1 --database "$database" >replay.log 2>&1 || fail "audit replay"

printf '| fault | longest pause of a client | answers | repair |\n| --- | --: | --: | --- |\n'
printf '%s\n' "${rows[@]}"
printf '\n%s answers were acknowledged, 0 were lost, 0 were another afterwards, 0 events are stored twice; audit log and replay agree.\n' "$total"
