// Passkeys: the server's options go to the browser's authenticator, its answer goes back.
(() => {
  const status = document.getElementById('passkey-status');
  const texts = status.dataset;
  const show = (text) => { status.textContent = text; };

  const send = async (method, path, body) => {
    const answer = await fetch(path, { method, headers: { 'content-type': 'application/json' }, body: body && JSON.stringify(body) });
    const got = await answer.json().catch(() => ({}));
    if (!answer.ok) throw new Error(got.error || answer.statusText);
    return got;
  };

  const create = async (path) => {
    const { publicKey } = await send('POST', path);
    const credential = await navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(publicKey) });
    return credential.toJSON();
  };

  const get = async (path) => {
    const { publicKey } = await send('POST', path);
    const credential = await navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(publicKey) });
    return credential.toJSON();
  };

  const run = async (button, work) => {
    button.disabled = true;
    show(texts.waiting);
    try {
      if (!window.PublicKeyCredential?.parseCreationOptionsFromJSON) throw new Error(texts.none);
      await work();
    } catch (e) {
      show(e.name === 'NotAllowedError' ? texts.silent : e.message);
      button.disabled = false;
      button.focus();
    }
  };

  const on = (id, work) => {
    const button = document.getElementById(id);
    button?.addEventListener('click', () => run(button, async () => location.assign((await work()).to)));
  };

  // The officers' portal: the answer names where to go.
  on('passkey-add', async () => {
    const name = document.getElementById('passkey-name').value;
    return send('PUT', '/portal/passkeys', { name, credential: await create('/portal/passkeys') });
  });
  on('passkey-enter', async () => {
    return send('PUT', '/portal/passkeys/challenge', { credential: await get('/portal/passkeys/challenge') });
  });

  // The desk: a form carries the credential, and its answer is a page.
  for (const form of document.querySelectorAll('form[data-passkey]')) {
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      run(form.querySelector('button'), async () => {
        const make = form.dataset.passkey === 'create' ? create : get;
        form.elements.credential.value = JSON.stringify(await make(form.dataset.options));
        form.submit();
      });
    });
  }
})();
