#!/bin/sh
# Mines a regtest block every MINE_SECONDS, to an output that anyone can spend: no wallet is needed.
set -eu
cli() {
  bitcoin-cli -regtest -rpcconnect=bitcoind -conf=/run/secrets/bitcoin_conf "$@"
}
while true; do
  cli generatetodescriptor 1 'raw(51)' > /dev/null
  touch /tmp/mined
  sleep "${MINE_SECONDS:-5}"
done
