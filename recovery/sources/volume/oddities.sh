# Fills the folder it runs in with one of everything that a volume can hold. As root; OWN=1 sets extended attributes.
set -eu
echo plain >plain
printf 'x' >"$(printf 'odd\377\376\n name')"
mkdir -p empty/deeper 'sp ace'
ln -s plain link
ln -s /nowhere/at/all dangling
ln plain 'sp ace/second name'
mkfifo pipe
truncate -s 64M sparse
printf 'end' >>sparse
head -c 3000000 /dev/urandom >random
: >nothing
chmod 0600 random
chmod 4750 nothing
chmod 1777 'sp ace'
if [ "$(id -u)" = 0 ]; then
  chown 999:998 random empty
  chown -h 33:33 dangling
fi
if [ "${OWN:-}" = 1 ]; then setfattr -n user.comment -v 'kept' plain; fi
touch -h -d '1999-12-31 23:59:59.987654321' link plain empty/deeper
chmod 2755 .
touch -d '2002-02-02 02:02:02.020202020' .
