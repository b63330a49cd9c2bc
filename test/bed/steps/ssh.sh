# OpenSSH, whose client reaches a vault and whose server keeps one in the tests. The tests start servers of their own, on
# loopback and with their own keys; the machine's does not run, now or after a restart, unless it was there before.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/places.sh"
. "$bed/steps/apt.sh"

need ssh openssh-client
[ -x /usr/sbin/sshd ] || lacking+=(openssh-server)
if [ ${#lacking[@]} -eq 0 ]; then outcome 'all there'; exit; fi

policy=/usr/sbin/policy-rc.d
server=$([ -x /usr/sbin/sshd ] && echo there || echo new)
if [ "$server" = new ] && [ ! -e "$policy" ] && [ "$(id -u)" = 0 ]; then
  printf '#!/bin/sh\nexit 101\n' >"$policy"
  chmod 755 "$policy"
  trap 'rm -f "$policy"' EXIT
fi
installLacking
# Installing switched it on for the next start of the machine.
if [ "$server" = new ]; then rm -f /etc/systemd/system/sshd.service /etc/systemd/system/multi-user.target.wants/ssh.service; fi
outcome "installed ${lacking[*]}"
