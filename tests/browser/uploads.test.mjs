/* The history of uploads, and what can be done about each. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { api, csv, launch, numbers, open, text, until, url, violations } from './support.mjs';

let browser;
before(async () => { browser = await launch(); });
after(() => browser.close());

async function upload(name, content, options = {}) {
	const form = new FormData();
	for (const [key, value] of Object.entries({ upload_key: randomUUID(), ...options })) {
		form.append(key, value);
	}
	form.append('waybill_file', new Blob([content]), name);
	const answer = await fetch(`${url}/upload`, { method: 'POST', body: form, headers: { Accept: 'application/json' } });
	return answer.json();
}

const row = (page, u) => page.locator(`#upload-${u.id}`);

test('who, how many and what came of it; only what is loaded whole is green', async () => {
	const name = `h${Date.now()}`;
	const whole = await upload(`${name}-whole.csv`, csv(numbers(3)), { uploaded_by: 'ana' });
	const part = await upload(`${name}-part.csv`, `${csv(numbers(1))}\r\n,Nobody,Cebu,Shoes`);
	const failed = await upload(`${name}-none.csv`, 'Colour\r\nred\r\n');
	const page = await open(browser, `/uploads?q=${name}`);
	await row(page, whole).waitFor();
	assert.equal(await page.locator('#rows tr').count(), 3);
	assert.match(await row(page, whole).textContent(), /ana.*Loaded33000/);
	const kinds = {};
	for (const u of [whole, part, failed]) {
		kinds[u.id] = await row(page, u).locator('.badge').getAttribute('data-kind');
	}
	assert.deepEqual(Object.values(kinds), ['completed', 'partial', 'failed']);
	assert.match(await row(page, failed).textContent(), /heading/i);
	const saved = page.waitForEvent('download');
	await row(page, part).getByRole('link', { name: /Rejects of/ }).click();
	assert.equal((await saved).suggestedFilename(), `upload-${part.id}-rejects.xlsx`);
	assert.deepEqual(await violations(page), []);
	assert.deepEqual(page.faults, []);
	await row(page, whole).locator('a').first().click();
	await page.waitForSelector('#figures:not([hidden])');
	await page.context().close();
});

test('an undo is asked for, and says what it kept', async () => {
	const list = numbers(3);
	const u = await upload(`u${Date.now()}.csv`, csv(list));
	await api('POST', '/scan', { waybill_number: list[1], scan_id: randomUUID(), station: 'D', scanned_by: 'ana' });
	const page = await open(browser, '/uploads');
	await row(page, u).getByRole('button', { name: /Undo/ }).click();
	await page.waitForFunction(() => document.activeElement.id === 'who'); /* asked before the question */
	assert.ok(!await page.isVisible('#ask'));
	await page.keyboard.type('Ben Reyes');
	await row(page, u).getByRole('button', { name: /Undo/ }).click();
	assert.match(await text(page, '#ask-text'), /3 parcels/);
	await page.click('#ask-no');
	assert.equal((await api('GET', `/waybills/${list[0]}`)).status, 200);
	await row(page, u).getByRole('button', { name: /Undo/ }).click();
	assert.deepEqual(await violations(page), []);
	await page.click('#ask-yes');
	await until(async () => /2 parcels were removed, 1 kept/.test(await text(page, '#done')), 'the undo is told');
	assert.match(await text(page, '#done'), new RegExp(`1: They were scanned since\\. ${list[1]}`));
	assert.match(await row(page, u).textContent(), /Undone but for 1/);
	assert.equal((await api('GET', `/uploads/${u.id}`)).json.undone_by, 'Ben Reyes');
	assert.equal((await api('GET', `/waybills/${list[0]}`)).status, 404);
	assert.equal((await api('GET', `/waybills/${list[1]}`)).status, 200);
	await page.context().close();
});

test('an undo says that parcels known before keep what the upload changed', async () => {
	const [a] = numbers(1);
	const name = `c${Date.now()}`;
	await upload(`${name}-right.csv`, csv([a]));
	const wrong = await upload(`${name}-wrong.csv`, `Waybill Number,Receiver\r\n${a},Somebody else`);
	assert.deepEqual([wrong.inserted, wrong.updated], [0, 1]);
	const page = await open(browser, `/uploads?q=${name}`, { init: () => localStorage.setItem('waybill.operator', '"Ben"') });
	await page.waitForSelector('#who:not([disabled])');
	await row(page, wrong).getByRole('button', { name: /Undo/ }).click();
	assert.match(await text(page, '#ask-text'), /no new parcels.* 1 parcel that was known before keeps what this upload changed.* right file again/);
	await page.click('#ask-yes');
	await until(async () => /0 parcels were removed, 0 kept/.test(await text(page, '#done')), 'the undo is told');
	assert.match(await text(page, '#done'), /1 parcel that was known before keeps what this upload changed.* right file again/);
	assert.equal(await page.getAttribute('#done', 'class'), 'notice warn');
	assert.match(await row(page, wrong).locator('.badge').textContent(), /Undone but for 1 changed/);
	assert.equal((await api('GET', `/waybills/${a}`)).json.receiver_name, 'Somebody else');
	assert.deepEqual(await violations(page), []);
	await page.context().close();
});

test('a waiting upload is cancelled, and found by its state', async () => {
	const name = `q${Date.now()}`;
	const u = await upload(`${name}.csv`, csv(numbers(5)), { async: 'true' });
	const page = await open(browser, `/uploads?q=${name}`);
	await page.fill('#who', 'Ben Reyes');
	await row(page, u).getByRole('button', { name: `Cancel ${name}.csv` }).click();
	await until(async () => (await row(page, u).locator('.badge').textContent()) === 'Cancelled', 'it is cancelled');
	const { json } = await api('GET', `/uploads/${u.id}`);
	assert.deepEqual([json.state, json.cancelled_by], ['cancelled', 'Ben Reyes']);
	assert.match(await page.evaluate(() => localStorage.getItem('waybill.operator')), /Ben Reyes/);
	await page.selectOption('#state', 'completed');
	await page.click('#filter button');
	await page.waitForSelector('#none:not([hidden])');
	assert.match(page.url(), /state=completed/);
	await page.selectOption('#state', 'cancelled');
	await page.click('#filter button');
	await row(page, u).waitFor();
	await page.context().close();
});

test('what failed is tried again by somebody', async () => {
	const page = await open(browser, '/uploads', { init: () => localStorage.setItem('waybill.operator', '"Cara"') });
	const failed = { id: 4712, file_name: 'again.csv', state: 'failed', message: 'The database was away.', can_retry: true };
	let asked;
	await page.route(/\/uploads(\?.*|\/4712.*)?$/, (route) => {
		const request = route.request();
		if (request.resourceType() === 'document') {
			return route.continue();
		}
		asked ??= request.method() === 'POST' ? [request.url(), request.postDataJSON()] : undefined;
		return route.fulfill({ status: 200, json: request.url().includes('4712') ? failed : { uploads: [failed], next_cursor: null } });
	});
	await page.reload();
	await page.waitForSelector('#who:not([disabled])');
	await row(page, failed).getByRole('button', { name: /Try again/ }).click();
	await until(() => asked, 'it is tried again');
	assert.match(asked[0], /\/uploads\/4712\/retry$/);
	assert.deepEqual(asked[1], { by: 'Cara' });
	await page.context().close();
});

test('what is being loaded is seen moving to its end', async () => {
	const page = await open(browser, '/uploads');
	let quarter = 1;
	const now = () => ({ id: 4711, file_name: 'slow.csv', rows_done: 1000 * quarter, ...(quarter < 3
		? { state: 'processing', phase: 'reading', bytes_done: quarter, bytes_total: 4, seconds_left: 9 }
		: { state: 'completed', rows_total: 3000, inserted: 3000, updated: 0, unchanged: 0, duplicate: 0, rejected: 0 }) });
	await page.route(/\/uploads(\?.*|\/4711)?$/, (route) => {
		if (route.request().resourceType() === 'document') {
			return route.continue();
		}
		return route.fulfill({ status: 200, json: route.request().url().endsWith('4711') ? now() : { uploads: [now()], next_cursor: null } });
	});
	await page.reload();
	await row(page, { id: 4711 }).waitFor();
	assert.match(await row(page, { id: 4711 }).textContent(), /1,000 rows read, some 9 s left/);
	assert.equal(await row(page, { id: 4711 }).locator('progress').getAttribute('value'), '0.25');
	quarter = 2;
	await until(async () => /2,000 rows read/.test(await row(page, { id: 4711 }).textContent()), 'it moves');
	quarter = 3;
	await until(async () => (await row(page, { id: 4711 }).locator('.badge').textContent()) === 'Loaded', 'it is loaded');
	await page.context().close();
});

for (const [name, options] of [['narrow', { viewport: { width: 320, height: 640 } }], ['dark', { colorScheme: 'dark' }]]) {
	test(`nothing overflows and axe finds nothing, ${name}`, async () => {
		const page = await open(browser, '/uploads', options);
		await page.waitForSelector('#rows tr');
		assert.deepEqual(await violations(page), []);
		assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'no sideways scrolling');
		await page.context().close();
	});
}
