# Sourced by every record.sh of Windows' protocols, after lab.sh: the domain LAB (lab.example) with Samba as its controller,
# dc1.lab.example on the server's side, and clients that know it.
#
# Use: need $DOMAIN_PACKAGES PACKAGE...; domain_start [SMB.CONF LINES]; domain COMMAND...; example NAME ARGUMENTS...

DOMAIN_PACKAGES="samba samba-ad-provision samba-dsdb-modules samba-vfs-modules samba-common-bin winbind smbclient krb5-user python3-impacket"
REALM=LAB.EXAMPLE DC=dc1.lab.example PASSWORD=Lab-pass1
DOMAIN=$LAB/domain
export KRB5_CONFIG=$LAB/krb5.conf KRB5CCNAME=$LAB/tickets

# domain COMMAND...: samba-tool at the controller's database.
domain() { samba-tool "$@" -s "$DOMAIN/etc/smb.conf" -H "$DOMAIN/private/sam.ldb" >>"$LAB/jobs.log" 2>&1; }

# Hosts by their own names: what programs say of theirs is not that of the machine.
on_server() { ip netns exec "lab-server-$$" unshare --uts sh -c 'hostname dc1 && exec "$@"' sh "$@"; }
on_client() { ip netns exec "lab-client-$$" unshare --uts sh -c 'hostname client && exec "$@"' sh "$@"; }

# domain_names SIDE...: those sides know the controller by name, and that it answers for names.
domain_names() {
  local side
  for side; do
    mkdir -p "/etc/netns/lab-$side-$$"
    printf 'nameserver %s\nsearch lab.example\n' $SERVER >"/etc/netns/lab-$side-$$/resolv.conf"
    printf '127.0.0.1 localhost\n%s %s dc1\n%s dc6.lab.example dc6\n%s client.lab.example client\n' $SERVER $DC $SERVER6 $CLIENT >"/etc/netns/lab-$side-$$/hosts"
  done
}

# domain_start [LINE...]: a fresh controller, with these lines in [global] and after; users ann, bob, carol, and those of services.
domain_start() {
  mkdir -p "$DOMAIN" "$LAB/share"
  chmod 777 "$LAB/share"
  domain_names server client
  printf '[global]\n  cache directory = %s/cache\n  pid directory = %s\n  ncalrpc dir = %s/ncalrpc\n' "$DOMAIN" "$DOMAIN" "$DOMAIN" >"$LAB/empty.conf"
  on_server samba-tool domain provision -s "$LAB/empty.conf" --realm=$REALM --domain=LAB --host-name=dc1 --host-ip=$SERVER \
    --server-role=dc --dns-backend=SAMBA_INTERNAL --adminpass=$PASSWORD --targetdir="$DOMAIN" \
    --option="vfs objects=dfs_samba4 acl_xattr xattr_tdb" >>"$LAB/jobs.log" 2>&1
  cat >"$DOMAIN/etc/smb.conf" <<C
[global]
  netbios name = DC1
  workgroup = LAB
  realm = $REALM
  server role = active directory domain controller
  interfaces = lo wire
  bind interfaces only = yes
  dns forwarder = 0.0.0.0
  private dir = $DOMAIN/private
  state directory = $DOMAIN/state
  lock directory = $DOMAIN
  cache directory = $DOMAIN/cache
  pid directory = $DOMAIN
  ncalrpc dir = $DOMAIN/ncalrpc
  ntp signd socket directory = $DOMAIN/ntp
  log file = $DOMAIN/log
  vfs objects = dfs_samba4 acl_xattr xattr_tdb
  server min protocol = LANMAN1
  server services = s3fs, rpc, wrepl, ldap, cldap, kdc, drepl, winbindd, ntp_signd, dns
  load printers = no
  printcap name = /dev/null
$(printf '%s\n' "$@")
[sysvol]
  path = $DOMAIN/state/sysvol
  read only = no
[docs]
  path = $LAB/share
  read only = no
C
  mkdir -p "$DOMAIN/cache"
  local user
  domain domain passwordsettings set --complexity=off --min-pwd-length=4
  for user in ann bob carol web sql; do domain user create $user $PASSWORD; done
  domain spn add ldap/$DC DC1\$
  domain spn add HTTP/www.lab.example web
  domain spn add MSSQLSvc/sql.lab.example:1433 sql
  cat >"$KRB5_CONFIG" <<C
[libdefaults]
  default_realm = $REALM
  dns_lookup_realm = false
  dns_lookup_kdc = false
  rdns = false
  dns_canonicalize_hostname = false
  allow_weak_crypto = true
[realms]
  $REALM = {
    kdc = $DC
    kpasswd_server = $DC
  }
[domain_realm]
  .lab.example = $REALM
[kdc]
  # Accounts say whether they must prove themselves.
  require-preauth = false
C
  # The socket of winbindd lies where it was built for.
  mkdir -p /run/samba "$LAB/run"
  server_job unshare --mount sh -c "mount --bind '$LAB/run' /run/samba && exec samba --foreground --no-process-group --configfile='$DOMAIN/etc/smb.conf'"
  local port
  for port in 445 389 88 135; do wait_port $port 60; done
  sleep 3 # for what the controller looks up by itself
}

# For clients, who share no state with the controller.
client_conf() {
  mkdir -p "$LAB/client"/{private,state,lock,cache,pid,ncalrpc}
  cat >"$LAB/client.conf" <<C
[global]
  netbios name = CLIENT
  workgroup = LAB
  realm = $REALM
  private dir = $LAB/client/private
  state directory = $LAB/client/state
  lock directory = $LAB/client/lock
  cache directory = $LAB/client/cache
  pid directory = $LAB/client/pid
  ncalrpc dir = $LAB/client/ncalrpc
  client min protocol = CORE
  name resolve order = host
C
}

# quietly COMMAND...: on the client's side; what it says goes to a log, and whether it was refused is no matter.
quietly() { on_client timeout 60 "$@" >>"$LAB/client.log" 2>&1 </dev/null || true; }
# smb ARGUMENTS...: smbclient; rpc ARGUMENTS...: rpcclient.
smb() { quietly smbclient -s "$LAB/client.conf" "$@"; }
rpc() { quietly rpcclient -s "$LAB/client.conf" "$@"; }
# example NAME ARGUMENTS...: a program of impacket's.
example() { local name=$1; shift; (cd "$LAB" && quietly env -u KRB5CCNAME /usr/bin/python3 "/usr/share/doc/python3-impacket/examples/$name.py" "$@"); }
