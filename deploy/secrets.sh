#!/bin/sh
# Makes the secrets that docker-compose.yml mounts, once: random ones, in deploy/secrets/. Existing files stay.
# The folder is for its owner alone; the files in it can be read by whatever user a container runs as.
set -eu
cd "$(dirname "$0")"
mkdir -p secrets
chmod 700 secrets

random() {
  od -An -N24 -tx1 /dev/urandom | tr -d ' \n'
}

# make NAME: writes stdin to secrets/NAME, whole or not at all.
make() {
  if [ -e "secrets/$1" ]; then
    cat > /dev/null
    return
  fi
  cat > "secrets/.$1.part"
  chmod 644 "secrets/.$1.part"
  mv "secrets/.$1.part" "secrets/$1"
  echo "made deploy/secrets/$1"
}

printf '%s' "$(random)" | make clickhouse_password
printf '%s' "$(random)" | make grafana_password
printf 'crossroot:%s' "$(random)" | make bitcoin_cookie
# The node's own settings repeat the password: made from the cookie, so that both agree.
{
  printf 'rpcuser=crossroot\n'
  printf 'rpcpassword=%s\n' "$(cut -d: -f2 secrets/bitcoin_cookie)"
} | make bitcoin_conf
