"""The panel of a desktop, on the session bus: shows tray icons (org.kde.StatusNotifierWatcher) and notifications.

Takes one JSON object a line on standard input and answers with one a line: {"do": "tray"} tells the icon and its menu,
{"do": "click", "label": ...} chooses an item, {"do": "activate"} clicks the icon, {"do": "notes"} tells the notifications.
"""
import hashlib, json, sys
import dbus, dbus.mainloop.glib, dbus.service
from gi.repository import GLib

dbus.mainloop.glib.DBusGMainLoop(set_as_default=True)
bus = dbus.SessionBus()
loop = GLib.MainLoop()
WATCHER, ITEM, MENU = 'org.kde.StatusNotifierWatcher', 'org.kde.StatusNotifierItem', 'com.canonical.dbusmenu'
PROPERTIES, NOTES = 'org.freedesktop.DBus.Properties', 'org.freedesktop.Notifications'
items, notes = [], []


class Watcher(dbus.service.Object):
    @dbus.service.method(WATCHER, in_signature='s', sender_keyword='sender')
    def RegisterStatusNotifierItem(self, service, sender=None):
        items[:] = [(sender, service) if service.startswith('/') else (service, '/StatusNotifierItem')]
        self.StatusNotifierItemRegistered(service)

    @dbus.service.method(WATCHER, in_signature='s')
    def RegisterStatusNotifierHost(self, service):
        pass

    @dbus.service.signal(WATCHER, signature='s')
    def StatusNotifierItemRegistered(self, service):
        pass

    @dbus.service.method(PROPERTIES, in_signature='ss', out_signature='v')
    def Get(self, interface, name):
        return self.GetAll(interface)[name]

    @dbus.service.method(PROPERTIES, in_signature='s', out_signature='a{sv}')
    def GetAll(self, interface):
        return {
            'IsStatusNotifierHostRegistered': True,
            'ProtocolVersion': dbus.Int32(0),
            'RegisteredStatusNotifierItems': dbus.Array([name + path for name, path in items], signature='s'),
        }


class Notes(dbus.service.Object):
    @dbus.service.method(NOTES, in_signature='susssasa{sv}i', out_signature='u')
    def Notify(self, app, replaces, icon, summary, body, actions, hints, timeout):
        notes.append({'title': str(summary), 'body': str(body)})
        return dbus.UInt32(len(notes))

    @dbus.service.method(NOTES, out_signature='as')
    def GetCapabilities(self):
        return ['body', 'actions']

    @dbus.service.method(NOTES, out_signature='ssss')
    def GetServerInformation(self):
        return ('panel', 'test', '1', '1.2')

    @dbus.service.method(NOTES, in_signature='u')
    def CloseNotification(self, number):
        pass


def item_properties():
    name, path = items[-1]
    item = bus.get_object(name, path)
    return item, item.GetAll(ITEM, dbus_interface=PROPERTIES)


def menu_of(properties):
    menu = bus.get_object(items[-1][0], properties['Menu'])
    _, layout = menu.GetLayout(0, -1, dbus.Array([], signature='s'), dbus_interface=MENU)
    rows = []
    for child in layout[2]:
        number, facts, _ = child
        if facts.get('visible', True):
            label = str(facts.get('label', '')).replace('__', '_') if facts.get('type') != 'separator' else '-'
            rows.append({'id': int(number), 'label': label, 'enabled': bool(facts.get('enabled', True))})
    return menu, rows


def tray():
    if not items:
        return {'items': 0}
    _, properties = item_properties()
    pixels = b''.join(bytes(part[2]) for part in properties.get('IconPixmap', []))
    icon = hashlib.sha256(pixels + str(properties.get('IconName', '')).encode()).hexdigest()
    return {'items': len(items), 'icon': icon, 'menu': menu_of(properties)[1]}


def click(label):
    _, properties = item_properties()
    menu, rows = menu_of(properties)
    for row in rows:
        if row['label'] == label and row['enabled']:
            # Whoever is told to quit may be gone before it answers.
            menu.Event(row['id'], 'clicked', dbus.Int32(0), dbus.UInt32(0), dbus_interface=MENU, ignore_reply=True)
            return {'done': True}
    return {'done': False, 'menu': rows}


def activate():
    item, _ = item_properties()
    item.Activate(0, 0, dbus_interface=ITEM)
    return {'done': True}


def answer(asked):
    todo = {'tray': tray, 'activate': activate, 'notes': lambda: {'notes': notes}}
    try:
        return click(asked['label']) if asked['do'] == 'click' else todo[asked['do']]()
    except Exception as error:
        return {'error': str(error)}


def on_line(source, condition):
    line = sys.stdin.readline()
    if not line:
        loop.quit()
        return False
    print(json.dumps(answer(json.loads(line))), flush=True)
    return True


def on_name(name, old, new):
    if not new:
        items[:] = [item for item in items if item[0] != name]


bus.add_signal_receiver(on_name, 'NameOwnerChanged', 'org.freedesktop.DBus')
watcher_name = dbus.service.BusName(WATCHER, bus)
notes_name = dbus.service.BusName(NOTES, bus)
watcher, notifier = Watcher(bus, '/StatusNotifierWatcher'), Notes(bus, '/org/freedesktop/Notifications')
GLib.io_add_watch(sys.stdin, GLib.IO_IN | GLib.IO_HUP, on_line)
print(json.dumps({'ready': True}), flush=True)
loop.run()
