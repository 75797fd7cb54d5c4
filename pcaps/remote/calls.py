"""What has no program: a method of WMI alone, as wmiexec calls it, and a command by WS-Management.

  calls.py SERVER USER PASSWORD method|shell
"""
import sys

server, user, password, what = sys.argv[1:]


def method():
    from impacket.dcerpc.v5.dcom import wmi
    from impacket.dcerpc.v5.dcomrt import DCOMConnection
    from impacket.dcerpc.v5.dtypes import NULL
    link = DCOMConnection(server, user, password, "LAB")
    login = wmi.IWbemLevel1Login(link.CoCreateInstanceEx(wmi.CLSID_WbemLevel1Login, wmi.IID_IWbemLevel1Login))
    services = login.NTLMLogin("//./root/cimv2", NULL, NULL)
    login.RemRelease()
    try: services.ExecMethod("Win32_Process", "Create")
    except TypeError: pass  # impacket wants an object back
    services.RemRelease()
    link.disconnect()


def shell():
    import winrm
    session = winrm.Session(f"http://{server}:5985/wsman", auth=(f"LAB\\{user}", password), transport="ntlm", message_encryption="never")
    print(session.run_cmd("whoami").std_out)


globals()[what]()
