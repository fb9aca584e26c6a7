/* The login page. Without this script the form is sent as it is and works all the same. */
import { Unreachable, call, reason } from '/static/api.js';
import { byId, sentence } from '/static/dom.js';

const params = new URLSearchParams(location.search);
byId('next').value = params.get('next') ?? '';

function trouble(text) {
	const box = byId('trouble');
	box.textContent = sentence(text);
	box.hidden = false;
}

async function send() {
	const body = {
		username: byId('username').value,
		password: byId('password').value,
		next: byId('next').value,
	};
	try {
		return await call('POST', '/login', { body, deadline: 30000 });
	} catch (e) {
		if (e instanceof Unreachable) {
			return { status: 0, json: { message: 'The server cannot be reached: check the network and try again' } };
		}
		throw e;
	}
}

byId('form').addEventListener('submit', async (event) => {
	event.preventDefault();
	byId('send').disabled = true;
	const answer = await send();
	if (answer.status === 200) {
		location.replace(answer.json.next); /* a path of this server: it says so itself */
		return;
	}
	byId('send').disabled = false;
	trouble(reason(answer));
	if (answer.status === 401) {
		byId('password').value = '';
		byId('password').focus();
	}
});
