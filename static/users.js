/* Users: the list, and one request for each change. The server decides and says why not. */
import { call, reason } from '/static/api.js';
import { byId, el, fill, moment, rows, sentence } from '/static/dom.js';

const ROLES = ['scanner', 'office', 'supervisor', 'admin'];
let asked = 0; /* an answer to an older question is not shown */

function tell(id, text) {
	byId('trouble').hidden = byId('done').hidden = true;
	byId(id).textContent = sentence(text);
	byId(id).hidden = false;
}

async function ask(method, path, body) {
	try {
		return await call(method, path, { body, deadline: 30000 });
	} catch (e) {
		return { status: 0, json: { message: e.message } };
	}
}

async function change(path, body, done) {
	const answer = await ask('POST', path, body);
	await load();
	if (answer.status === 200 || answer.status === 201) {
		tell('done', done);
	} else {
		tell('trouble', reason(answer));
	}
	return answer.status < 300 && answer.status > 0;
}

const path = (user, what) => `/users/${encodeURIComponent(user.username)}/${what}`;

function askPassword(user) {
	byId('ask-title').textContent = `A new password for ${user.username}`;
	byId('ask-password').value = '';
	byId('ask-form').onsubmit = () => {
		change(path(user, 'password'), { password: byId('ask-password').value },
			`${user.username} has a new password and must log in again`);
	};
	byId('ask').showModal();
}

function button(text, label, act) {
	const node = el('button', { type: 'button', class: 'secondary small', 'aria-label': label }, text);
	node.addEventListener('click', act);
	return node;
}

/* Chosen and then set: an arrow key alone must not change anybody. */
function roleOf(user) {
	const select = el('select', { 'aria-label': `Role of ${user.username}` },
		...ROLES.map((role) => el('option', { selected: role === user.role }, role)));
	return el('span', { class: 'buttons' }, select,
		button('Set', `Set the role of ${user.username}`, () => change(path(user, 'role'), { role: select.value },
			`${user.username} is ${select.value} now and must log in again`)));
}

function buttons(user) {
	const able = user.disabled ? 'enable' : 'disable';
	return el('span', { class: 'buttons' },
		button('Password', `New password for ${user.username}`, () => askPassword(user)),
		button(user.disabled ? 'Enable' : 'Disable', `${user.disabled ? 'Enable' : 'Disable'} ${user.username}`,
			() => change(path(user, able), undefined, `${user.username} is ${able}d`)));
}

async function load() {
	const turn = ++asked;
	const answer = await ask('GET', '/users');
	if (turn !== asked) {
		return;
	}
	if (answer.status !== 200) {
		tell('trouble', reason(answer));
		fill(byId('rows'));
		return;
	}
	rows(byId('rows'), answer.json.users.map((user) => [
		user.username, roleOf(user), el('span', { class: 'badge' }, user.disabled ? 'Disabled' : 'Enabled'),
		String(user.sessions), moment(user.last_activity), buttons(user)]), [3]);
}

byId('ask-no').addEventListener('click', () => byId('ask').close());
byId('add').addEventListener('submit', async (event) => {
	event.preventDefault();
	const name = byId('add-name').value;
	if (await change('/users', { username: name, password: byId('add-password').value,
		role: byId('add-role').value }, `${name} may log in now`)) {
		byId('add').reset();
	}
});
load();
