# Installing what a command needs, where the machine lacks it. Sourced by the steps.

lacking=()
# need COMMAND PACKAGE…: notes the packages down unless the command is there.
need() { command -v "$1" >/dev/null || lacking+=("${@:2}"); }

installLacking() {
  [ ${#lacking[@]} -gt 0 ] || return 0
  command -v apt-get >/dev/null || die "this machine lacks ${lacking[*]}, and has no apt-get to install them: do that, then run this again"
  [ "$(id -u)" = 0 ] || die "this machine lacks ${lacking[*]}: run this once as root"
  export DEBIAN_FRONTEND=noninteractive
  # Foreign package sources on the machine may be out of reach: that does not matter unless the install fails.
  apt-get update || true
  apt-get install -y --no-install-recommends "${lacking[@]}"
}
