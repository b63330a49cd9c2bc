# Debian 13 beside the machine's own Debian: an apt configuration of its own, so that nothing of the system changes.
# Sourced by the steps that take a package from there.

keyring=/usr/share/keyrings/debian-archive-keyring.gpg

# The machine's own Debian mirror, as apt itself understands its sources.
debianMirror() {
  if [ -n "${AIDATAVAULT_BED_MIRROR-}" ]; then echo "$AIDATAVAULT_BED_MIRROR"; return; fi
  local found
  found=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Origin: Debian' 'Label: Debian' | head -n 1)
  [ -n "$found" ] || die 'apt knows no Debian mirror: name one in AIDATAVAULT_BED_MIRROR'
  echo "$found"
}

debianSource() { printf 'deb [signed-by=%s] %s %s main\n' "$keyring" "$(debianMirror)" "$1"; }

# takeFromTrixie PACKAGE FOLDER: unpacks a package into a folder, installs nothing.
takeFromTrixie() {
  local apt=$cache/apt-trixie folder=$2 options
  mkdir -p "$apt/lists/partial" "$apt/archives/partial" "$folder"
  debianSource trixie >"$apt/sources.list"
  options=(-o "Dir::Etc::SourceList=$apt/sources.list" -o Dir::Etc::SourceParts=/dev/null
    -o "Dir::State::Lists=$apt/lists" -o "Dir::Cache=$apt" -o APT::Sandbox::User=root)
  # Once for all that is taken in a row.
  if [ -z "$(find "$apt/updated" -mmin -10 2>/dev/null)" ]; then
    apt-get "${options[@]}" update
    touch "$apt/updated"
  fi
  rm -f "$apt/$1"_*.deb
  (cd "$apt" && apt-get "${options[@]}" download "$1")
  dpkg -x "$apt/$1"_*.deb "$folder"
}
