#!/usr/bin/env bash
# Fills the folder $1 with everything that people, programs and accidents leave in an uploads volume. Runs as root, in a container.
set -euo pipefail
export LC_ALL=C
cd "$1"

mkdir -p photos/2023 'empty folder' photos/empty locked 'odd owner/inside'
printf 'one photo' >photos/2023/a.jpg
head -c 9000000 /dev/urandom >photos/2023/large.bin
cp photos/2023/large.bin photos/2023/'the same again.bin'
: >'an empty file'

# Names: of any bytes but / and NUL.
printf latin1 >$'caf\xe9'
printf bad >$'\xff\xfe broken'
printf utf8 >'Grüße 😀.txt'
printf newline >$'two\nlines'
printf dash >'-rf'
printf spaces >'  spaces  '
printf quotes >"it's \"quoted\" \$HOME \`x\` \\n \\"
printf star >'*?[a]'
printf long >"$(printf 'n%.0s' {1..255})"
deep=.; for level in {1..25}; do deep=$deep/$(printf 'deep%.0s' {1..12})$level; done
mkdir -p "$deep"; printf deep >"$deep/file"

# Links.
ln -s photos/2023/a.jpg link
ln -s ../nowhere/at\ all dangling
ln -s /etc/passwd absolute
ln -s $'caf\xe9' 'to latin1'
ln -s loop loop
ln -s photos folder-link
ln photos/2023/a.jpg photos/hard1
ln photos/2023/a.jpg 'odd owner/hard2'
ln -s "$(printf 'long/%.0s' {1..60})" long-link

# Kinds.
mkfifo pipe
mknod null c 1 3
truncate -s 40M sparse; printf middle | dd of=sparse bs=1 seek=20000000 conv=notrunc status=none; printf end >>sparse
truncate -s 5M 'only a hole'
head -c 3000000 /dev/zero >zeros

# Owners and modes.
chown 1234:5678 'odd owner' photos/2023/large.bin
chown 4294967293:4294967293 'odd owner/inside'
chown -h 77:88 dangling
chmod 0000 locked; chmod 0400 -- -rf; chmod 2775 photos; chmod 1777 photos/empty
printf program >setuid; chown 999:999 setuid; chmod 6755 setuid
mkdir readonly; printf kept >readonly/file; chmod 0444 readonly/file; chmod 0555 readonly

# Times, to the nanosecond, of long ago and of the future; folders last, since what is put into them touches them.
touch -d '2001-02-03 04:05:06.123456789Z' photos/2023/a.jpg
touch -d '1969-12-31 23:59:59.5Z' 'an empty file'
touch -d '1905-05-05 05:05:05.000000001Z' zeros
touch -d '2150-01-01 00:00:00.999999999Z' setuid
touch -h -d '2010-10-10 10:10:10.101010101Z' dangling
touch -d '2011-11-11 11:11:11.111111111Z' pipe photos photos/2023 'empty folder' readonly .
chown 1001:1002 .; chmod 3775 .
