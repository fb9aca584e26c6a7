/* One's own password. */
import { call, reason } from '/static/api.js';
import { byId, sentence } from '/static/dom.js';

function trouble(text) {
	byId('trouble').textContent = sentence(text);
	byId('trouble').hidden = false;
}

async function send() {
	try {
		return await call('POST', '/me/password', { deadline: 30000,
			body: { password: byId('password').value, new_password: byId('fresh').value } });
	} catch (e) {
		return { status: 0, json: { message: e.message } };
	}
}

document.addEventListener('me', (event) => { byId('username').value = event.detail.username; });
byId('form').addEventListener('submit', async (event) => {
	event.preventDefault();
	if (byId('fresh').value !== byId('again').value) {
		trouble('the two new passwords are not the same');
		return;
	}
	const answer = await send();
	if (answer.status === 200) {
		location.assign('/login');
	} else {
		trouble(reason(answer));
	}
});
