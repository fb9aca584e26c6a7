/* The upload page: what was loaded, what was not, and why. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { OwnServer, hold } from './own_server.mjs';
import { api, csv, launch, numbers, open, openUpload, sample, startScanning, text, until, violations } from './support.mjs';

let browser;
before(async () => { browser = await launch(); });
after(() => browser.close());

const file = (name, content) => ({ name, mimeType: 'application/octet-stream',
	buffer: Buffer.from(content) });

/* By keyboard: what is shown of a chosen file moves the button down, under a mouse that is pressing it. */
const send = (page) => page.press('#send', 'Enter');

async function upload(page, what) {
	await page.setInputFiles('#file', what);
	await send(page);
	await page.waitForSelector('#running[hidden]', { state: 'attached' });
	await page.waitForSelector('#outcome:not([hidden])');
}

/* [rows, inserted, updated, unchanged, duplicate, rejected] as the page shows them. */
async function figures(page) {
	const list = await page.locator('#sum > div:not(.sign) dd').allTextContents();
	const all = list.map((n) => Number(n.replaceAll(',', '')));
	assert.equal(all[0], all.slice(1).reduce((a, b) => a + b, 0), 'the counters add up');
	return all;
}

const tone = async (page) => (await page.getAttribute('#verdict .notice', 'class')).split(' ')[1];

const uploadBodies = (page) => {
	const keys = [];
	page.on('request', (r) => r.method() === 'POST' && r.url().endsWith('/upload')
		&& keys.push(/name="upload_key"\r\n\r\n([^\r]*)/.exec(r.postDataBuffer()?.toString('latin1') ?? '')?.[1]));
	return keys;
};

test('a workbook is loaded, and a second upload of it changes nothing', async () => {
	const workbook = sample(200, 11);
	const page = await openUpload(browser);
	await upload(page, workbook);
	const [total, inserted, updated, unchanged, duplicate, rejected] = await figures(page);
	assert.equal(total, 200);
	assert.equal(updated + unchanged, 0);
	assert.ok(inserted > 0);
	assert.match(await text(page, '#mapping-rows'), /AWaybill Numberwaybill_number/);
	assert.equal(await text(page, '#sum dd'), '200');
	await upload(page, workbook);
	assert.deepEqual(await figures(page), [200, 0, 0, inserted, duplicate, rejected]);
	if (duplicate + rejected === 0) {
		assert.match(await text(page, '#verdict h2'), /Nothing new/);
	}
	assert.deepEqual(page.faults, []);
	await page.context().close();
});

test('a clean file is green, and a reload shows its result again', async () => {
	const page = await openUpload(browser);
	await upload(page, file('clean.csv', csv(numbers(5))));
	assert.equal(await tone(page), 'good');
	assert.equal(await text(page, '#verdict h2'), 'Loaded');
	await page.reload();
	await page.waitForSelector('#outcome:not([hidden])');
	assert.deepEqual(await figures(page), [5, 5, 0, 0, 0, 0]);
	await page.context().close();
});

test('rejected rows are listed with row, column and reason, and nothing is green', async () => {
	const [a, b] = numbers(2);
	const page = await openUpload(browser);
	await upload(page, file('errors.csv', 'Waybill Number,Receiver,City\r\n'
		+ `${a},Ana,Cebu\r\n,Nobody <b>bold</b>,Cebu\r\n${b},Ben,Manila\r\n${'9'.repeat(80)},Long,Davao\r\n${b},Ben,Cebu\r\n`));
	assert.deepEqual(await figures(page), [5, 2, 0, 0, 1, 2]);
	assert.equal(await tone(page), 'warn');
	assert.match(await text(page, '#verdict h2'), /2 rows rejected/);
	const lines = await page.locator('#reject-rows tr').evaluateAll((trs) =>
		trs.map((tr) => Array.from(tr.cells, (td) => td.textContent)));
	assert.deepEqual(lines.map((l) => l[0]), ['3', '5', '4']);
	assert.deepEqual(lines.map((l) => l[1]), ['Rejected', 'Rejected', 'Duplicate']);
	for (const line of lines) {
		assert.ok(line[2].length > 5, 'a reason is given');
	}
	assert.equal(lines[0][3], 'Waybill Number');
	assert.equal(lines[2][4], b);
	assert.equal(await page.locator('#reject-rows b').count(), 0);
	assert.equal(await page.locator('#verdict .good').count(), 0);
	const saved = page.waitForEvent('download');
	await page.click('#rejects-note a');
	const download = readFileSync(await (await saved).path(), 'utf8');
	assert.match(download, /3/);
	assert.match(download, /9{60}/);
	await page.context().close();
});

test('a workbook of which another sheet was not read is not green, and warnings count what they are about', async () => {
	const page = await openUpload(browser);
	const left = { kind: 'sheet_not_read', count: 1, message: 'Sheet "Cebu" has waybills too and was not read.' };
	await page.route('**/upload', async (route) => {
		if (route.request().method() !== 'POST') {
			return route.continue();
		}
		const response = await route.fetch();
		const json = await response.json();
		return route.fulfill({ response, json: { ...json, warnings: [left, ...json.warnings] } });
	});
	const [a] = numbers(1);
	await upload(page, file('sheets.csv', `Waybill Number,Receiver,Consignee,COD\r\n${a},Ana,Ben,many\r\n`));
	assert.equal(await tone(page), 'warn');
	assert.match(await text(page, '#verdict h2'), /other sheets/);
	assert.match(await text(page, '#verdict .told'), /"Cebu"/);
	const warnings = await page.locator('#warning-list li').allTextContents();
	assert.deepEqual(warnings.map((w) => /\(.*?\)/.exec(w)?.[0] ?? ''), ['', '', '(1 cell)']);
	await page.context().close();
});

test('known parcels that the file could not change are not "as they stand in it"', async () => {
	const [a] = numbers(1);
	const page = await openUpload(browser);
	await upload(page, file('known.csv', `Waybill Number,Receiver\r\n${a},Ana\r\n`));
	await api('POST', `/waybills/${a}/hold`, { reason: 'the address' });
	await upload(page, file('held.csv', `Waybill Number,Receiver\r\n${a},Ben\r\n`));
	assert.deepEqual(await figures(page), [1, 0, 0, 1, 0, 0]);
	assert.equal(await tone(page), 'warn');
	assert.match(await text(page, '#verdict .told'), /nothing of it was changed.* read the warnings below/);
	assert.match(await text(page, '#warning-list'), /on hold.* \(1 row\)/);
	await page.context().close();
});

test('what is noticed in a file that is not loaded is told, whatever its kind', async () => {
	const [a] = numbers(1);
	const page = await openUpload(browser);
	await page.check('#strict');
	await page.route('**/upload', async (route) => {
		if (route.request().method() !== 'POST') {
			return route.continue();
		}
		const response = await route.fetch();
		const json = await response.json();
		return route.fulfill({ response, json: { ...json, warnings: [...json.warnings, { kind: 'made_up', message: 'The moon was full.' }] } });
	});
	await upload(page, file('seen.csv', `Waybill Number,Receiver,Order Status\r\n${a},Ana,Lost at sea\r\n,Nobody,\r\n`));
	assert.equal(await tone(page), 'bad');
	assert.ok(!await page.isVisible('#figures'));
	assert.ok(await page.isVisible('#warnings'));
	const told = await page.locator('#warning-list li').allTextContents();
	assert.match(told[0], /"Lost at sea" is not known.*First: row 2 Order Status "Lost at sea"/);
	assert.deepEqual(told.slice(1), ['The moon was full.']);
	assert.deepEqual(await violations(page), []);
	await page.context().close();
});

test('an upload that was undone is not shown as loaded', async () => {
	const list = numbers(3);
	const page = await openUpload(browser);
	await upload(page, file('back.csv', csv(list)));
	const key = new URL(page.url()).hash.slice(1);
	await api('POST', '/scan', { waybill_number: list[0], station: 'D', scanned_by: 'ana' });
	await api('POST', `/uploads/${key}/undo`, { by: 'Ben' });
	await page.reload();
	await page.waitForSelector('#outcome:not([hidden])');
	assert.equal(await tone(page), 'warn');
	assert.match(await text(page, '#verdict h2'), /Undone/);
	assert.match(await text(page, '#verdict .told'), /by Ben.* 2 parcels were removed, 1 kept/);
	await page.context().close();
});

test('strict loads nothing when a row is wrong; a dry run loads nothing at all', async () => {
	const [a, b] = numbers(2);
	const bad = file('strict.csv', `Waybill Number,Receiver\r\n${a},Ana\r\n,Nobody\r\n${b},Ben\r\n`);
	const page = await openUpload(browser);
	await page.check('#strict');
	await upload(page, bad);
	assert.equal(await tone(page), 'bad');
	assert.deepEqual(await page.locator('#reject-rows td:first-child').allTextContents(), ['3']);
	assert.match(await text(page, '#verdict'), /1 of 3 rows cannot be read/);
	assert.match(await text(page, '#rejects-note'), /^1 rejected row to mend/);
	await page.uncheck('#strict');
	await page.check('#dry-run');
	await upload(page, file('dry.csv', csv([a, b])));
	assert.match(await text(page, '#verdict h2'), /nothing was loaded/i);
	assert.equal(await tone(page), 'warn');
	await page.uncheck('#dry-run');
	await upload(page, file('dry.csv', csv([a, b])));
	assert.deepEqual(await figures(page), [2, 2, 0, 0, 0, 0]);
	await page.context().close();
});

const markReady = (page) => page.getByLabel('Ready for a batch').press('Space');

test('who loads a file is asked once, and told with the upload', async () => {
	const [a] = numbers(1);
	const page = await open(browser, '/upload');
	const keys = uploadBodies(page);
	await page.setInputFiles('#file', file('who.csv', csv([a])));
	await page.waitForSelector('#preview:not([hidden])');
	assert.equal(await page.evaluate(() => document.activeElement.id), 'who');
	await send(page);
	await page.fill('#who', '  ');
	await send(page);
	assert.deepEqual(keys, [], 'nothing is sent without a name');
	assert.ok(await page.locator('#who').evaluate((field) => field === document.activeElement));
	await page.keyboard.type('Ana Cruz');
	await page.keyboard.press('Enter');
	await page.waitForSelector('#figures:not([hidden])');
	const { json } = await api('GET', `/uploads/${keys[0]}`);
	assert.equal(json.uploaded_by, 'Ana Cruz');
	await page.goto(new URL('/upload', page.url()).href);
	await page.waitForSelector('#who:not([disabled])');
	assert.equal(await page.inputValue('#who'), 'Ana Cruz');
	await page.setInputFiles('#file', file('who.csv', csv([a])));
	await page.waitForFunction(() => document.activeElement.id === 'send');
	await page.goto(new URL('/scan', page.url()).href);
	assert.equal(await page.inputValue('#operator'), 'Ana Cruz');
	assert.deepEqual(page.faults, []);
	await page.context().close();
});

test('what is marked ready for a batch is what a session expects, known parcels too', async () => {
	const [a, b, other] = numbers(3);
	const ready = async (number) => (await api('GET', `/waybills/${number}`)).json.batch_ready;
	const page = await openUpload(browser);
	await upload(page, file('other.csv', csv([other, a])));
	assert.deepEqual([await ready(a), await ready(other)], [false, false]); /* unless it is wanted */
	assert.ok(!/batch/i.test(await text(page, '#facts')));
	await markReady(page);
	await upload(page, file('ready.csv', csv([a, b]))); /* of which the preview had the file kept */
	assert.match(await text(page, '#facts'), /Marked ready for a batch/);
	assert.deepEqual([await ready(a), await ready(b), await ready(other)], [true, true, false]);
	assert.deepEqual(page.faults, []);
	await page.context().close();
	const station = await startScanning(browser);
	const { id } = await station.evaluate(() => JSON.parse(localStorage.getItem('waybill.session')));
	const { json } = await api('GET', `/sessions/${id}/missing`);
	const missing = JSON.stringify(json);
	assert.deepEqual([a, b, other].map((n) => missing.includes(n)), [true, true, false]);
	await station.context().close();
	await api('POST', `/sessions/${id}/cancel`, { by: 'Ana' });
});

test('what waits in the queue is marked ready for a batch, too', async () => {
	const server = await OwnServer.start({ WAYBILL_QUEUE_THRESHOLD: '10', WAYBILL_QUEUE_WORKERS: '1' });
	try {
		const [a] = numbers(1);
		const page = await openUpload(browser, { site: server.url });
		await markReady(page);
		await upload(page, file('queued.csv', csv([a])));
		assert.equal(await tone(page), 'good');
		assert.equal((await api('GET', `/waybills/${a}`)).json.batch_ready, true);
		await page.context().close();
	} finally {
		await server.stop();
	}
});

/* [name of the test, file, what the message must say] */
const refused = [
	['bytes that are no workbook', file('photo.xlsx', Buffer.from(Array.from({ length: 4096 }, (_, i) => (i * 73) % 256))), /\.xlsx/],
	['an old binary workbook', file('old.xls', Buffer.concat([Buffer.from('d0cf11e0a1b11ae1', 'hex'), Buffer.alloc(4096)])), /xls/],
	['an empty file', file('empty.xlsx', ''), /empty/i],
	['a sheet without a waybill column', file('list.csv', 'Name,Colour\r\nAna,blue\r\n'), /heading|column/i],
];
for (const [name, what, message] of refused) {
	test(`${name}: the server's message is shown large`, async () => {
		const page = await openUpload(browser);
		await upload(page, what);
		assert.equal(await tone(page), 'bad');
		assert.match(await text(page, '#verdict h2'), /not loaded/);
		assert.match(await text(page, '#verdict .told'), message);
		assert.ok(!await page.isVisible('#figures'));
		assert.ok(await page.locator('#verdict .told').evaluate((p) =>
			parseFloat(getComputedStyle(p).fontSize)) > 16);
		await page.context().close();
	});
}

test('after a lost connection, trying again sends the same key and loads once', async () => {
	const page = await openUpload(browser);
	const keys = uploadBodies(page);
	let first = true;
	await page.route('**/upload', async (route) => {
		if (route.request().method() === 'POST' && first) {
			first = false;
			await route.fetch(); /* loaded; the answer is lost on the way back */
			await route.abort();
		} else {
			await route.continue();
		}
	});
	await upload(page, file('lost.csv', csv(numbers(4))));
	assert.match(await text(page, '#verdict h2'), /connection was lost/);
	await page.click('#retry');
	await page.waitForSelector('#figures:not([hidden])');
	assert.deepEqual(await figures(page), [4, 4, 0, 0, 0, 0]);
	assert.equal(keys.length, 2);
	assert.ok(keys[0]);
	assert.equal(keys[0], keys[1]);
	await page.context().close();
});

test('server trouble offers to try again', async () => {
	const page = await openUpload(browser);
	await page.route('**/upload', (route) => (route.request().method() === 'POST'
		? route.fulfill({ status: 503, json: { error: 'database_unreachable', message: 'the database is away' } })
		: route.continue()));
	await upload(page, file('later.csv', csv(numbers(2))));
	assert.match(await text(page, '#verdict .told'), /The database is away\./);
	await page.unroute('**/upload');
	await page.click('#retry');
	await page.waitForSelector('#figures:not([hidden])');
	assert.equal(await tone(page), 'good');
	await page.context().close();
});

test('the transfer and the rows are seen moving', async () => {
	const page = await openUpload(browser, { init: () => {
		window.seen = [];
		document.addEventListener('DOMContentLoaded', () => {
			for (const id of ['sent-text', 'read-text']) {
				const node = document.getElementById(id);
				new MutationObserver(() => window.seen.push(node.textContent)).observe(node, { childList: true });
			}
		});
	} });
	const release = await hold('waybill_status_totals'); /* where an upload ends: else all may be loaded between two looks */
	try {
		await page.setInputFiles('#file', sample(150000, 12));
		await send(page);
		await until(() => page.evaluate(() => window.seen.some((t) => /[1-9][\d,]* rows read/.test(t))), 'the rows are shown', 60000);
	} finally {
		await release();
	}
	await page.waitForSelector('#figures:not([hidden])', { timeout: 120000 });
	const seen = await page.evaluate(() => window.seen);
	assert.ok(seen.some((t) => /^\d+(\.\d)? MB of /.test(t)), `the transfer is shown: ${seen}`);
	assert.equal((await figures(page))[0], 150000);
	await page.context().close();
});

test('a drop is taken when it is one file, and answered when it is not', async () => {
	const page = await openUpload(browser);
	const drop = (make) => page.evaluate((source) => {
		const data = new DataTransfer();
		new Function('data', source)(data);
		document.getElementById('drop').dispatchEvent(new DragEvent('drop',
			{ dataTransfer: data, bubbles: true, cancelable: true }));
	}, make);
	await drop("data.setData('text/plain', 'JT1')");
	assert.match(await text(page, '#drop-error'), /not a file/);
	await drop("data.items.add(new File(['a'], 'a.csv')); data.items.add(new File(['b'], 'b.csv'))");
	assert.match(await text(page, '#drop-error'), /one at a time/);
	await drop(`data.items.add(new File([${JSON.stringify(csv(numbers(3)))}], 'dropped.csv'))`);
	assert.ok(!await page.isVisible('#drop-error'));
	assert.match(await text(page, '#chosen'), /dropped\.csv/);
	await send(page);
	await page.waitForSelector('#figures:not([hidden])');
	assert.deepEqual(await figures(page), [3, 3, 0, 0, 0, 0]);
	await page.context().close();
});

test('without a file nothing is sent', async () => {
	const page = await openUpload(browser);
	await send(page);
	assert.match(await text(page, '#drop-error'), /Choose a file/);
	await page.context().close();
});

test('a page that came by plain HTTP makes its own keys', async () => {
	const page = await openUpload(browser, { init: () => { delete Crypto.prototype.randomUUID; } });
	await upload(page, file('plain.csv', csv(numbers(2))));
	assert.match(await page.evaluate(() => location.hash), /^#[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
	await until(async () => await tone(page) === 'good', 'it is loaded');
	await page.context().close();
});
