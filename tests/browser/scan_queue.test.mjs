/* The scan page when requests fail: nothing lost, nothing counted twice. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { api, launch, load, numbers, panel, scan, startScanning, text, tones, until, violations } from './support.mjs';

let browser;
before(async () => { browser = await launch(); });
after(() => browser.close());

/* The first `times` scans meet `fault`, later ones wait for `seen`; gives the bodies of all that were sent. */
async function failing(page, times, fault, seen = Promise.resolve()) {
	const sent = [];
	await page.route('**/scan', async (route) => {
		if (route.request().method() !== 'POST') {
			await route.continue();
			return;
		}
		sent.push(JSON.parse(route.request().postData()));
		await (sent.length <= times ? fault(route) : seen.then(() => route.continue()));
	});
	return sent;
}

test('what is not answered is asked again, and a slow line not so soon the next time', async () => {
	const list = await load(numbers(2));
	const page = await startScanning(browser);
	const sent = await failing(page, 1000, async (route) => {
		await new Promise((resolve) => { setTimeout(resolve, 700); });
		await route.continue();
	});
	await scan(page, list[0]);
	await panel(page, 'valid');
	await scan(page, list[1]);
	await until(async () => await text(page, '#c-scanned') === '2', 'both were answered');
	const times = list.map((n) => sent.filter((s) => s.waybill_number === n));
	assert.ok(times[0].length > 1, `${times[0].length}`);
	assert.equal(new Set(times[0].map((s) => s.scan_id)).size, 1);
	assert.equal(times[1].length, 1);
	assert.equal((await tones(page)).length, 2); /* nothing ticked */
	await page.context().close();
});

test('of the answers to what was asked again the good one is heard', async () => {
	const [number] = await load(numbers(1));
	const page = await startScanning(browser);
	let copies = 0;
	await failing(page, 1000, async (route) => {
		copies += 1;
		if (copies > 1) {
			await route.fulfill({ status: 503, contentType: 'application/json', body: '{"error":"overloaded"}' });
			return;
		}
		await until(() => copies > 1, 'it was asked again');
		await new Promise((resolve) => { setTimeout(resolve, 100); });
		await route.continue();
	});
	await scan(page, number);
	await panel(page, 'valid');
	assert.equal(await text(page, '#connection'), 'Connected');
	assert.equal((await tones(page)).length, 1);
	await page.context().close();
});

test('scans without a network are kept, shown, ticked softly and sent together', async () => {
	const list = await load(numbers(3));
	const page = await startScanning(browser);
	const lone = await failing(page, 1000, (route) => route.abort());
	const together = [];
	await page.route('**/scans', async (route) => {
		together.push(route.request());
		await (together.length === 1 ? route.abort() : route.continue());
	});
	await scan(page, list[0]);
	await panel(page, 'held');
	assert.match(await text(page, '#connection'), /cannot be reached/);
	const ticks = await tones(page);
	assert.equal(ticks.length, 1);
	assert.ok(ticks[0].lasts < 0.06);
	await page.keyboard.type(`${list[1]}\n${list[2]}\n`);
	await until(async () => await text(page, '#c-scanned') === '3', 'all three were answered');
	assert.deepEqual([...new Set(lone.map((s) => s.waybill_number))], [list[0]]);
	const bodies = together.map((r) => JSON.parse(r.postData()).scans);
	assert.deepEqual(bodies.at(-1).map((s) => s.waybill_number), list);
	assert.equal(bodies.at(-1)[0].scan_id, lone[0].scan_id);
	assert.match(together[0].headers()['idempotency-key'], new RegExp(lone[0].scan_id));
	assert.equal(await text(page, '#depth'), 'empty');
	assert.equal(await text(page, '#connection'), 'Connected');
	assert.equal(await page.locator('#recent [data-kind="valid"]').count(), 3);
	await page.context().close();
});

test('a scan carries its scan_id as the key of its request', async () => {
	const [number] = await load(numbers(1));
	const page = await startScanning(browser);
	const asked = page.waitForRequest((r) => r.method() === 'POST' && r.url().endsWith('/scan'));
	await scan(page, number);
	const request = await asked;
	assert.equal(request.headers()['idempotency-key'], JSON.parse(request.postData()).scan_id);
	await page.context().close();
});

for (const [status, said] of [[429, /asks to wait/], [500, /answered 500/], [502, /answered 502/], [403, /may not scan/]]) {
	test(`${status} keeps the scan, and it is sent again`, async () => {
		const [number] = await load(numbers(1));
		const page = await startScanning(browser);
		let see;
		const seen = new Promise((resolve) => { see = resolve; });
		const sent = await failing(page, 1, (route) => route.fulfill({ status, body: '<html>' }), seen);
		await scan(page, number);
		await panel(page, 'held');
		assert.match(await text(page, '#connection'), said);
		see();
		await panel(page, 'valid');
		assert.deepEqual(sent[0], sent[1]);
		await page.context().close();
	});
}

test('a backlog that is refused as a whole goes one by one', async () => {
	const list = await load(numbers(3));
	const page = await startScanning(browser);
	const sent = await failing(page, 1, (route) => route.abort());
	await page.route('**/scans', (route) => route.fulfill({ status: 400,
		json: { error: 'bad_body', message: 'no' } }));
	await page.keyboard.type(list.map((n) => `${n}\n`).join(''));
	await until(async () => await text(page, '#c-scanned') === '3', 'all three were answered');
	assert.deepEqual([...new Set(sent.map((s) => s.waybill_number))], list);
	await page.context().close();
});

test('a disk that does not answer holds no scan back', async () => {
	const [number] = await load(numbers(1));
	const page = await startScanning(browser);
	await page.evaluate(() => {
		IDBDatabase.prototype.transaction = () => ({ objectStore: () => ({ put: () => null, delete: () => null }) });
	});
	await scan(page, number);
	await panel(page, 'valid');
	await page.waitForSelector('#not-durable', { state: 'visible' });
	await page.context().close();
});

/* It ticked, "kept", for what was in the page alone and went with it. */
test('a scan that the disk refuses while the server is away is heard as an error', async () => {
	const list = await load(numbers(2));
	const page = await startScanning(browser);
	await failing(page, 1000, (route) => route.abort());
	await page.route('**/scans', (route) => route.abort());
	await scan(page, list[0]);
	await panel(page, 'held');
	assert.deepEqual((await tones(page)).map((t) => t.lasts < 0.06), [true]);
	await page.evaluate(() => {
		const put = IDBObjectStore.prototype.put;
		IDBObjectStore.prototype.put = function (item) {
			const request = put.call(this, item);
			request.onsuccess = () => this.transaction.abort(); /* as a full disk does, at the commit */
			return request;
		};
		IDBTransaction.prototype.commit = undefined;
	});
	await scan(page, list[1]);
	await panel(page, 'error');
	assert.equal(await text(page, '[role=alert] .panel-word'), 'Not kept');
	const heard = await tones(page);
	assert.deepEqual(heard.map((t) => t.hertz < 250 && t.lasts >= 0.5), [true]);
	assert.ok(await page.isVisible('#not-durable'));
	assert.deepEqual(await page.locator('#recent .recent-word').allTextContents(),
		['Not kept: leave this page open', 'Kept, will be sent again']);
	assert.equal(await text(page, '#depth'), '2 scans waiting');
	await page.unroute('**/scan');
	await page.unroute('**/scans');
	await until(async () => await text(page, '#c-scanned') === '2', 'both were sent');
	await page.context().close();
});

test('what the server refuses for good is kept for people, also over a reload', async () => {
	const [number] = await load(numbers(1));
	const page = await startScanning(browser);
	await failing(page, 1, (route) => route.fulfill({ status: 404,
		json: { error: 'session_not_found', message: 'There is no session 7.' } }));
	await scan(page, number);
	await panel(page, 'error');
	await page.waitForSelector('#refused-notice:not([hidden])');
	await page.reload();
	await page.click('#refused-open');
	assert.match(await text(page, '#refused-rows'), new RegExp(`${number}.*There is no session 7`));
	assert.deepEqual(await violations(page), []);
	await page.click('#refused-send');
	await panel(page, 'valid');
	assert.ok(!await page.isVisible('#refused-notice'));
	await page.context().close();
});

/* What the disk does not let go is sent again by the next page, and answered as it was then. */
test('counters do not go back to those of an answer of before', async () => {
	const list = await load(numbers(3));
	const page = await startScanning(browser);
	await page.evaluate(() => { IDBObjectStore.prototype.delete = () => null; }); /* a full disk */
	await page.keyboard.type(`${list[0]}\n${list[1]}\n`);
	await until(async () => await text(page, '#c-scanned') === '2', 'both are scanned');
	const session = Number(await text(page, '#v-session'));
	await api('POST', '/scan', { waybill_number: list[2], session_id: session, station: 'Dock 9' });
	let see;
	const seen = new Promise((resolve) => { see = resolve; });
	await page.route('**/scans', (route) => seen.then(() => route.continue()));
	await page.reload();
	await until(async () => await text(page, '#c-scanned') === '3', 'the other station counts');
	assert.equal(await text(page, '#depth'), '2 scans waiting');
	see();
	await until(async () => await text(page, '#depth') === 'empty', 'both are answered again');
	assert.equal(await text(page, '#c-scanned'), '3');
	await page.context().close();
});

test('a browser that keeps nothing says so and scans all the same', async () => {
	const [number] = await load(numbers(1));
	const page = await startScanning(browser, { init: () => {
		IDBFactory.prototype.open = () => { throw new DOMException('no', 'SecurityError'); };
	} });
	assert.ok(await page.isVisible('#not-durable'));
	await scan(page, number);
	await panel(page, 'valid');
	await page.context().close();
});

test('a lost answer is asked for again and is no duplicate', async () => {
	const [number] = await load(numbers(1));
	const page = await startScanning(browser);
	const sent = await failing(page, 1, async (route) => {
		await route.fetch(); /* the server has it; the answer never arrives */
		await route.abort();
	});
	await scan(page, number);
	await panel(page, 'valid');
	assert.equal(sent.length, 2);
	assert.equal(sent[0].scan_id, sent[1].scan_id);
	const { json } = await api('GET', `/sessions/${await text(page, '#v-session')}`);
	assert.deepEqual([json.valid, json.duplicate], [1, 0]);
	await page.context().close();
});

test('503 keeps the scan in the queue and says that the database is away', async () => {
	const [number] = await load(numbers(1));
	const page = await startScanning(browser);
	await failing(page, 1, (route) => route.fulfill({ status: 503, headers: { 'Retry-After': '1' },
		json: { error: 'database_unreachable', message: 'The database is away.' } }));
	await scan(page, number);
	await panel(page, 'held');
	assert.match(await text(page, '#connection'), /database is away/);
	assert.equal(await text(page, '#depth'), '1 scan waiting');
	await panel(page, 'valid');
	await page.context().close();
});

/* The panel said to the end that the server cannot be reached. */
test('a scan that waits tells what it waits for now', async () => {
	const [number] = await load(numbers(1));
	const page = await startScanning(browser);
	await failing(page, 1000, (route) => route.abort());
	await scan(page, number);
	await panel(page, 'held');
	assert.match(await text(page, '.panel-detail'), /cannot be reached/);
	await page.unroute('**/scan');
	await failing(page, 1000, (route) => route.fulfill({ status: 401,
		json: { error: 'not_logged_in', message: 'Log in first.' } }));
	await until(async () => /nobody is logged in/.test(await text(page, '.panel-detail')), 'the reason is the new one');
	assert.equal(await text(page, '.panel-number'), number);
	assert.equal((await tones(page)).length, 1);
	await page.unroute('**/scan');
	await panel(page, 'valid');
	await page.context().close();
});

test('what the server refuses for good is an error, and the line goes on', async () => {
	const list = await load(numbers(2));
	const page = await startScanning(browser);
	await failing(page, 1, (route) => route.fulfill({ status: 400,
		json: { error: 'bad_field', message: 'field "mode" is wrong' } }));
	await scan(page, list[0]);
	await panel(page, 'error');
	assert.match(await text(page, '.panel-detail'), /Field "mode" is wrong\./);
	await scan(page, list[1]);
	await panel(page, 'valid');
	await page.context().close();
});

test('leaving with scans in the queue asks first', async () => {
	const [number] = await load(numbers(1));
	const page = await startScanning(browser);
	await failing(page, 1000, (route) => route.abort());
	await scan(page, number);
	await panel(page, 'held');
	await page.click('#leave');
	assert.match(await text(page, '#note'), /not sent yet/);
	assert.ok(await page.isVisible('#work'));
	const asked = new Promise((resolve) => page.on('dialog', async (dialog) => {
		await dialog.accept();
		resolve(dialog.type());
	}));
	await page.close({ runBeforeUnload: true });
	assert.equal(await asked, 'beforeunload');
	await page.context().close();
});

test('a server that goes away is noticed while nobody scans', async () => {
	const page = await startScanning(browser);
	await page.route('**/sessions/**', (route) => route.abort());
	await until(async () => /cannot be reached/.test(await text(page, '#connection')), 'the page notices');
	await page.unroute('**/sessions/**');
	await until(async () => await text(page, '#connection') === 'Connected', 'the page notices the return');
	await page.context().close();
});

test('a reload without a server still takes scans for the session', async () => {
	const [number] = await load(numbers(1));
	const page = await startScanning(browser);
	await page.route(/\/(sessions|health)/, (route) => route.abort());
	await page.reload();
	await page.waitForSelector('#work:not([hidden])');
	await until(async () => /cannot be reached/.test(await text(page, '#connection')), 'the page says so');
	await scan(page, number);
	await panel(page, 'valid');
	await page.context().close();
});
