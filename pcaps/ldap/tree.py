"""Entries of a directory, as LDIF."""
import base64

BASE = "dc=lab,dc=example"


def entry(dn, **attributes):
    print(f"dn: {dn},{BASE}" if dn else f"dn: {BASE}")
    for name, values in attributes.items():
        for value in values if isinstance(values, list) else [values]:
            if isinstance(value, bytes) or not value.isascii():
                print(f"{name}:: {base64.b64encode(value if isinstance(value, bytes) else value.encode()).decode()}")
            else: print(f"{name}: {value}")
    print()


entry("", objectClass=["dcObject", "organization"], dc="lab", o="Lapwing Lab")
for unit in ("people", "left", "secret"): entry(f"ou={unit}", objectClass="organizationalUnit", ou=unit)
people = ["ann", "bob", "carol"] + [f"b{number:02}" for number in range(14)]
for number, uid in enumerate(people):
    entry(f"uid={uid},ou=people", objectClass=["inetOrgPerson", "extensibleObject"], uid=uid, cn=uid.title(), sn="Ångström" if uid == "ann" else "Lab",
          userPassword="Lab-pass1", uidNumber=str(number), description=f"number {number} of {len(people)}",
          **({"jpegPhoto": bytes(range(256)) * 6, "mail": "carol@lab.example"} if uid == "carol" else {}))
entry("uid=hidden,ou=secret", objectClass="account", uid="hidden")
entry("cn=nickname,ou=left", objectClass=["alias", "extensibleObject"], cn="nickname", aliasedObjectName=f"uid=ann,ou=people,{BASE}")
entry("ou=elsewhere", objectClass=["referral", "extensibleObject"], ou="elsewhere", ref="ldap://elsewhere.lab.example/ou=elsewhere,dc=lab,dc=example")
