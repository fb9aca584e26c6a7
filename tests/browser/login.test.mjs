/*
 * Logging in, as people do it: the login page, the bar's menu, users, the audit log, one's
 * own password. The server at WAYBILL_URL has auth = off, so this brings one of its own.
 */
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { freePort } from './own_server.mjs';
import { csv, holdFirst, launch, numbers, open, until, violations } from './support.mjs';

const PASSWORD = 'correct horse battery';
const build = process.env.WAYBILL_BUILD;
let browser, server, site, folder;

function environment(port) {
	return { ...process.env, WAYBILL_LISTEN: `127.0.0.1:${port}`, WAYBILL_AUTH: 'on',
		WAYBILL_DATABASE: process.env.WBTEST_DATABASE, WAYBILL_STATIC_DIR: 'static',
		WAYBILL_SPOOL_DIR: folder, WAYBILL_WORKERS: '2', WAYBILL_QUEUE_WORKERS: '0',
		WAYBILL_LOGIN_RATE: '0' };
}

function add(name, role) {
	execFileSync(join(build, 'waybillctl'), ['user', 'add', name, '--role', role, '--stdin'],
		{ env: environment(1), input: `${PASSWORD}\n` });
}

before(async () => {
	folder = mkdtempSync(join(tmpdir(), 'waybill-login-'));
	const port = await freePort();
	site = `http://127.0.0.1:${port}`;
	for (const role of ['scanner', 'office', 'supervisor', 'admin']) {
		add(role, role);
	}
	server = spawn(join(build, 'waybilld'), [], { env: environment(port), stdio: 'ignore' });
	await until(() => fetch(`${site}/ready`).then((r) => r.ok, () => false), 'the server is ready', 60000);
	browser = await launch();
});

after(async () => {
	await browser.close();
	const gone = new Promise((resolve) => { server.on('exit', resolve); });
	server.kill('SIGQUIT');
	assert.equal(await gone, 0);
	rmSync(folder, { recursive: true, force: true });
});

async function logIn(page, name, password = PASSWORD) {
	await page.fill('#username', name);
	await page.fill('#password', password);
	await page.press('#password', 'Enter');
}

async function openAs(name, path, options) {
	const page = await open(browser, `${site}/login?next=${encodeURIComponent(path)}`, options);
	await logIn(page, name);
	await page.waitForURL(`${site}${path}`);
	return page;
}

test('a page leads to the login and back, by keyboard alone', async () => {
	const page = await open(browser, `${site}/waybills/JT1?x=1`);
	assert.equal(page.url(), `${site}/login?next=/waybills/JT1%3Fx%3D1`);
	await page.waitForFunction(() => document.activeElement.id === 'username'); /* with its first picture */
	await page.keyboard.type('scanner');
	await page.keyboard.press('Tab');
	await page.keyboard.type('not the password');
	await page.keyboard.press('Enter');
	await page.waitForSelector('#trouble:not([hidden])');
	assert.equal(await page.textContent('#trouble'), 'The user name or the password is wrong.');
	assert.equal(await page.evaluate(() => document.activeElement.id), 'password');
	await page.keyboard.type(PASSWORD);
	await page.keyboard.press('Enter');
	await page.waitForURL(`${site}/waybills/JT1?x=1`);
	assert.equal(await page.textContent('#me'), 'scanner (scanner)');
	assert.equal(await page.evaluate(() => document.cookie), '', 'a script can read the session');
	await page.click('#log-out');
	await page.waitForURL(`${site}/login`);
	await page.goto(`${site}/scan`);
	assert.equal(page.url(), `${site}/login?next=/scan`);
	assert.deepEqual(page.faults, []);
	await page.context().close();
});

test('what a password manager looks for is there', async () => {
	const page = await open(browser, `${site}/login`);
	const form = await page.evaluate(() => {
		const f = document.forms[0];
		return [f.method, new URL(f.action).pathname, f.username.autocomplete, f.password.type, f.password.autocomplete];
	});
	assert.deepEqual(form, ['post', '/login', 'username', 'password', 'current-password']);
	await page.context().close();
});

test('the form works without scripts', async () => {
	const page = await open(browser, `${site}/login`, { javaScriptEnabled: false });
	await logIn(page, 'office');
	await page.waitForURL(`${site}/upload`);
	await page.context().close();
});

for (const [name, home, links] of [
	['scanner', '/scan', ['Scan', 'Waybills', 'Sessions']],
	['office', '/upload', ['Upload', 'Scan', 'Waybills', 'Sessions']],
	['supervisor', '/', ['Dashboard', 'Upload', 'Scan', 'Sessions', 'Unknown scans']],
	['admin', '/', ['Dashboard', 'Upload', 'Scan', 'Unknown scans', 'Users', 'Audit']],
]) {
	test(`${name} begins at ${home} and sees what that role may`, async () => {
		const page = await open(browser, `${site}/`);
		await logIn(page, name);
		await page.waitForURL(site + home);
		await page.waitForSelector('#me');
		const seen = await page.$$eval('.top nav a', (all) => all.filter((a) => a.checkVisibility()).map((a) => a.textContent));
		assert.deepEqual(links.filter((link) => !seen.includes(link)), []);
		for (const hidden of ['Dashboard', 'Upload', 'Unknown scans', 'Users', 'Audit']) {
			assert.ok(links.includes(hidden) || !seen.includes(hidden), `${hidden} is shown to ${name}`);
		}
		assert.deepEqual(page.faults, []);
		await page.context().close();
	});
}

test('who is logged in uploads and undoes under the login, and is asked for no name', async () => {
	const page = await openAs('supervisor', '/upload');
	await page.waitForSelector('#me');
	assert.ok(!await page.isVisible('#who'));
	await page.setInputFiles('#file', { name: 'login.csv', mimeType: 'text/csv', buffer: Buffer.from(csv(numbers(2))) });
	await page.press('#send', 'Enter');
	await page.waitForSelector('#figures:not([hidden])');
	const upload = () => page.evaluate((key) => fetch(`/uploads/${key}`, { headers: { Accept: 'application/json' } })
		.then((answer) => answer.json()), new URL(page.url()).hash.slice(1));
	const { id, uploaded_by: by } = await upload();
	assert.equal(by, 'supervisor');
	const list = await openAs('supervisor', '/uploads');
	await list.waitForSelector('#me');
	assert.ok(!await list.isVisible('#who'));
	await list.locator(`#upload-${id}`).getByRole('button', { name: /Undo/ }).click();
	await list.click('#ask-yes');
	await until(async () => (await upload()).undone_by === 'supervisor', 'it is undone');
	await list.context().close();
	await page.context().close();
});

test('an administrator makes a user, changes the role and the password, and disables', async () => {
	const page = await openAs('admin', '/users');
	await page.fill('#add-name', 'ben');
	await page.fill('#add-password', PASSWORD);
	await page.selectOption('#add-role', 'office');
	await page.click('#add button');
	await page.waitForSelector('#done:not([hidden])');
	assert.equal(await page.textContent('#done'), 'Ben may log in now.');
	const ben = await openAs('ben', '/upload');

	await page.selectOption('[aria-label="Role of ben"]', 'supervisor');
	await page.click('[aria-label="Set the role of ben"]');
	await page.waitForFunction(() => document.getElementById('done').textContent.includes('supervisor'));
	await ben.goto(`${site}/upload`);
	assert.equal(ben.url(), `${site}/login?next=/upload`);

	await page.click('[aria-label="New password for ben"]');
	await page.fill('#ask-password', 'another long one');
	await page.press('#ask-password', 'Enter');
	await page.waitForFunction(() => document.getElementById('done').textContent.includes('new password'));
	await logIn(ben, 'ben', 'another long one');
	await ben.waitForURL(`${site}/upload`);

	await page.click('[aria-label="Disable ben"]');
	await page.waitForSelector('[aria-label="Enable ben"]');
	await ben.goto(`${site}/upload`);
	await logIn(ben, 'ben', 'another long one');
	await ben.waitForSelector('#trouble:not([hidden])');

	await page.click('[aria-label="Disable admin"]');
	await page.waitForSelector('#trouble:not([hidden])');
	assert.match(await page.textContent('#trouble'), /last administrator/);

	await page.goto(`${site}/audit`);
	await page.fill('#user', 'ben');
	await page.press('#user', 'Enter');
	await page.waitForFunction(() => document.querySelectorAll('#rows tr').length === 7);
	const actions = await page.$$eval('#rows tr', (all) => all.map((row) => row.cells[2].textContent));
	assert.deepEqual(actions, ['Login failed', 'User disable', 'Login', 'User password', 'User role', 'Login', 'User add']);
	assert.equal(page.url(), `${site}/audit?user=ben`);
	assert.deepEqual([...page.faults, ...ben.faults], []);
	await page.context().close();
	await ben.context().close();
});

/* Both were shown, one behind the other. */
test('entries that come late are not put behind those that were asked for since', async () => {
	const page = await openAs('admin', '/users');
	const late = await holdFirst(page, /\/audit(\?.*)?$/);
	await page.goto(`${site}/audit`);
	await late.held;
	await page.fill('#user', 'no-one');
	await page.press('#user', 'Enter');
	await page.waitForSelector('#none:not([hidden])');
	await late.come();
	assert.equal(await page.locator('#rows tr').count(), 0);
	await page.context().close();
});

test('one changes the own password, and logs in again', async () => {
	add('pia', 'scanner');
	const page = await openAs('pia', '/account');
	await page.fill('#password', PASSWORD);
	await page.fill('#fresh', 'another long one');
	await page.fill('#again', 'another long two');
	await page.click('#send');
	await page.waitForSelector('#trouble:not([hidden])');
	await page.fill('#again', 'another long one');
	await page.click('#send');
	await page.waitForURL(`${site}/login`);
	await logIn(page, 'pia', 'another long one');
	await page.waitForURL(`${site}/scan`);
	await page.context().close();
});

test('a scan made after the session ended stays in the queue', async () => {
	add('kim', 'scanner');
	const page = await openAs('kim', '/scan');
	await page.fill('#operator', 'Kim');
	await page.fill('#station', 'Dock 1');
	await page.click('#begin');
	await page.waitForSelector('#work:not([hidden])');
	execFileSync(join(build, 'waybillctl'), ['user', 'disable', 'kim'], { env: environment(1) });
	await page.keyboard.type('JT0000000000001', { delay: 5 });
	await page.keyboard.press('Enter');
	await page.waitForSelector('.panel[data-kind="held"]');
	await until(async () => /nobody is logged in/.test(await page.textContent('#connection')), 'the reason is shown');
	assert.equal(page.url(), `${site}/scan`);
	await page.context().close();
});

for (const colorScheme of ['light', 'dark']) {
	test(`no page of these has a fault, ${colorScheme}`, async () => {
		const door = await open(browser, `${site}/login`, { colorScheme });
		assert.deepEqual(await violations(door), []);
		await logIn(door, 'nobody');
		await door.waitForSelector('#trouble:not([hidden])');
		assert.deepEqual(await violations(door), []);
		await door.context().close();
		const page = await openAs('admin', '/users', { colorScheme });
		await page.waitForSelector('#rows tr');
		await page.waitForSelector('#me');
		assert.deepEqual(await violations(page), []);
		await page.click('[aria-label="New password for office"]');
		assert.deepEqual(await violations(page), []);
		for (const [path, sign] of [['/audit', '#rows tr'], ['/account', '#me'], ['/scan', '#me']]) {
			await page.goto(site + path);
			await page.waitForSelector(sign);
			await page.waitForSelector('#me');
			assert.deepEqual(await violations(page), [], path);
		}
		assert.deepEqual(page.faults, []);
		await page.context().close();
	});
}

test('all of them fit 320 px', async () => {
	const page = await openAs('admin', '/users', { viewport: { width: 320, height: 568 } });
	for (const path of ['/users', '/audit', '/account', '/scan', '/login']) {
		await page.goto(site + path);
		await page.waitForLoadState('networkidle');
		assert.ok(await page.evaluate(() => document.documentElement.scrollWidth) <= 320, path);
	}
	await page.context().close();
});
