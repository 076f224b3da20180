// Passkeys at the officers' portal: the server's options go to the browser's authenticator, its answer goes back.
(() => {
  const said = document.getElementById('passkey-said');
  const say = (text) => { said.textContent = text; };

  const ask = async (method, path, body) => {
    const answer = await fetch(path, { method, headers: { 'content-type': 'application/json' }, body: body && JSON.stringify(body) });
    const got = await answer.json();
    if (!answer.ok) throw new Error(got.error || answer.statusText);
    return got;
  };

  const run = (button, work) => button && button.addEventListener('click', async () => {
    button.disabled = true;
    say('Waiting for your device.');
    try {
      if (!window.PublicKeyCredential?.parseCreationOptionsFromJSON) throw new Error('This browser has no passkeys here; use an authenticator app.');
      location.assign((await work()).to);
    } catch (e) {
      say(e.name === 'NotAllowedError' ? 'The device gave no answer. Try again.' : e.message);
      button.disabled = false;
      button.focus();
    }
  });

  run(document.getElementById('passkey-add'), async () => {
    const { publicKey } = await ask('POST', '/portal/passkeys');
    const options = PublicKeyCredential.parseCreationOptionsFromJSON(publicKey);
    const credential = await navigator.credentials.create({ publicKey: options });
    return ask('PUT', '/portal/passkeys', { name: document.getElementById('passkey-name').value, credential: credential.toJSON() });
  });

  run(document.getElementById('passkey-enter'), async () => {
    const { publicKey } = await ask('POST', '/portal/passkeys/challenge');
    const options = PublicKeyCredential.parseRequestOptionsFromJSON(publicKey);
    const credential = await navigator.credentials.get({ publicKey: options });
    return ask('PUT', '/portal/passkeys/challenge', { credential: credential.toJSON() });
  });
})();
