# A Docker engine that answers. One that is there is left as it is; else dockerd is started, detached, and its pid noted.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/places.sh"

pidFile=$cache/dockerd.pid
version() { docker version --format '{{.Server.Version}}'; }

if docker info >/dev/null; then
  outcome "$(version) answers, left as it is"
  exit
fi
[ "$(id -u)" = 0 ] || die 'no Docker engine answers: start one, or run this as root'
rm -f "$pidFile"
# A pid file of an engine that was killed would keep a new one from starting, if another program has that pid by now.
if [ -f /var/run/docker.pid ] && ! grep -qs dockerd "/proc/$(cat /var/run/docker.pid)/cmdline"; then rm -f /var/run/docker.pid; fi
setsid dockerd >"$cache/dockerd.log" 2>&1 </dev/null 3>&- &
pid=$!
for _ in $(seq 120); do
  if docker info >/dev/null 2>&1; then
    echo "$pid" >"$pidFile"
    outcome "$(version) started, pid $pid"
    exit
  fi
  kill -0 "$pid" 2>/dev/null || break
  sleep 0.5
done
tail -n 20 "$cache/dockerd.log"
kill "$pid" 2>/dev/null || true
die "dockerd did not come up; its log is in $cache/dockerd.log"
