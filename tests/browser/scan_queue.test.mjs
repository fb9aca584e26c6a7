/* The scan page when requests fail: nothing lost, nothing counted twice. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { api, enter, launch, load, numbers, open, panel, scan, startScanning, text, tones, until, violations } from './support.mjs';

let browser;
before(async () => { browser = await launch(); });
after(() => browser.close());

/*
 * Scans meet `fault` until pass() is called, however often they are sent; sent: the bodies of
 * all, later ones too.
 */
async function failing(page, fault) {
	const sent = [];
	let passing = false;
	await page.route('**/scan', async (route) => {
		if (route.request().method() !== 'POST') {
			await route.continue();
			return;
		}
		sent.push(JSON.parse(route.request().postData()));
		await (passing ? route.continue() : fault(route));
	});
	return { sent, pass: () => { passing = true; } };
}

test('what is not answered is asked again, and a slow line not so soon the next time', async () => {
	const list = await load(numbers(2));
	const page = await startScanning(browser, { init: () => { /* by the page's own clock, as it waits */
		const ask = window.fetch;
		window.asked = [];
		window.fetch = (path, options) => {
			window.asked.push({ path, at: performance.now() });
			return ask(path, options);
		};
	} });
	const times = (n) => sent.filter((s) => s.waybill_number === n);
	const { sent } = await failing(page, async (route) => {
		if (times(list[1]).length === 0) {
			await until(() => times(list[0]).length > 1, 'it is asked again');
		}
		await new Promise((resolve) => { setTimeout(resolve, 500); });
		await route.continue().catch(() => undefined); /* another one was answered, or the last is given up */
	});
	await scan(page, list[0]);
	await panel(page, 'valid');
	assert.equal(new Set(times(list[0]).map((s) => s.scan_id)).size, 1);
	await page.evaluate(() => window.asked.splice(0));
	await scan(page, list[1]);
	await until(async () => await text(page, '#c-scanned') === '2', 'both were answered');
	const [first, again = Infinity] = await page.evaluate(() => window.asked.filter((a) => a.path === '/scan').map((a) => a.at));
	assert.ok(again - first > 1500, `asked again after ${again - first} ms`); /* thrice what the first took */
	assert.equal((await tones(page)).length, 2); /* nothing ticked */
	await page.context().close();
});

test('of the answers to what was asked again the good one is heard', async () => {
	const [number] = await load(numbers(1));
	const page = await startScanning(browser);
	let copies = 0;
	await failing(page, async (route) => {
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
	const { sent: lone } = await failing(page, (route) => route.abort());
	const together = []; /* all three */
	await page.route('**/scans', async (route) => {
		const whole = route.request().postDataJSON().scans.length === 3;
		together.push(...(whole ? [route.request()] : []));
		await (whole && together.length > 1 ? route.continue() : route.abort());
	});
	await scan(page, list[0]);
	await panel(page, 'held');
	assert.match(await text(page, '#connection'), /cannot be reached/);
	const ticks = await tones(page);
	assert.equal(ticks.length, 1);
	assert.ok(ticks[0].lasts < 0.06);
	await scan(page, list[1]);
	await scan(page, list[2]);
	await until(async () => await text(page, '#depth') === 'empty', 'all three were answered');
	assert.equal(await text(page, '#c-scanned'), '3');
	assert.deepEqual([...new Set(lone.map((s) => s.waybill_number))], [list[0]]);
	const bodies = together.map((r) => JSON.parse(r.postData()).scans);
	assert.deepEqual(bodies.at(-1).map((s) => s.waybill_number), list);
	assert.equal(bodies.at(-1)[0].scan_id, lone[0].scan_id);
	assert.match(together[0].headers()['idempotency-key'], new RegExp(lone[0].scan_id));
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
		const { sent, pass } = await failing(page, (route) => route.fulfill({ status, body: '<html>' }));
		await scan(page, number);
		await panel(page, 'held');
		assert.match(await text(page, '#connection'), said);
		pass();
		await panel(page, 'valid');
		assert.ok(sent.length > 1);
		assert.deepEqual(sent[0], sent.at(-1));
		await page.context().close();
	});
}

test('a backlog that is refused as a whole goes one by one', async () => {
	const list = await load(numbers(3));
	const page = await startScanning(browser);
	const { sent, pass } = await failing(page, (route) => route.abort());
	const whole = (route) => route.fulfill({ status: 400, json: { error: 'bad_body', message: 'no' } });
	await page.route('**/scans', (route) => route.abort());
	await enter(page, list);
	await panel(page, 'held');
	pass();
	await page.route('**/scans', whole);
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
	await failing(page, (route) => route.abort());
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
	const { pass } = await failing(page, (route) => route.fulfill({ status: 404,
		json: { error: 'session_not_found', message: 'There is no session 7.' } }));
	await scan(page, number);
	await panel(page, 'error');
	await page.waitForSelector('#refused-notice:not([hidden])');
	pass();
	await page.reload();
	await page.click('#refused-open');
	assert.match(await text(page, '#refused-rows'), new RegExp(`${number}.*There is no session 7`));
	assert.deepEqual(await violations(page), []);
	await page.click('#refused-send');
	await panel(page, 'valid');
	await page.waitForSelector('#refused-notice', { state: 'hidden' });
	await page.context().close();
});

/* In the page: how many scans its disk has. */
const kept = () => new Promise((resolve, reject) => {
	const opened = indexedDB.open('waybill-outbox');
	opened.onerror = reject;
	opened.onsuccess = () => {
		const counted = opened.result.transaction('waiting').objectStore('waiting').count();
		counted.onsuccess = () => resolve(counted.result);
		counted.onerror = reject;
	};
});

/* What the disk does not let go is sent again by the next page, and answered as it was then. */
test('counters do not go back to those of an answer of before', async () => {
	const list = await load(numbers(3));
	const page = await startScanning(browser);
	await page.evaluate(() => { IDBObjectStore.prototype.delete = () => null; }); /* a full disk */
	await scan(page, list[0]);
	await scan(page, list[1]);
	await until(async () => await text(page, '#c-scanned') === '2', 'both are scanned');
	await until(async () => await page.evaluate(kept) === 2, 'the disk has both');
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

/* The line was "empty" until the disk had been read: one could leave, or dispatch without it. */
test('what the disk still reads is waited for before the session goes on', async () => {
	const [number] = await load(numbers(1));
	const page = await startScanning(browser, { init: () => {
		const { set } = Object.getOwnPropertyDescriptor(IDBTransaction.prototype, 'oncomplete');
		Object.defineProperty(IDBTransaction.prototype, 'oncomplete', { set(told) {
			set.call(this, (event) => (this.mode === 'readonly' ? setTimeout(told, 400, event) : told(event)));
		} });
	} });
	await page.route(/\/scans?$/, (route) => (route.request().method() === 'POST' ? route.abort() : route.continue()));
	await scan(page, number);
	await panel(page, 'held');
	await page.reload();
	await page.waitForSelector('#work:not([hidden])');
	assert.equal(await text(page, '#depth'), '1 scan waiting');
	await page.unroute(/\/scans?$/);
	await panel(page, 'valid');
	await page.context().close();
});

test('a disk that cannot be read keeps nobody from scanning', async () => {
	const [number] = await load(numbers(1));
	const page = await startScanning(browser, { init: () => {
		IDBObjectStore.prototype.getAll = () => { throw new DOMException('no', 'UnknownError'); };
	} });
	await scan(page, number);
	await panel(page, 'valid');
	await page.context().close();
});

/* They went back for some seconds, and the scan that was just heard was not among them. */
test('counters do not go back to those of a look that began before the scan', async () => {
	const [number] = await load(numbers(1));
	const page = await open(browser, '/scan');
	let tell, show;
	const looked = new Promise((resolve) => { tell = resolve; });
	const heard = new Promise((resolve) => { show = resolve; });
	await page.route(/\/sessions\/\d+\?/, async (route) => {
		const response = await route.fetch();
		tell();
		await heard;
		await route.fulfill({ response });
	}, { times: 1 });
	await page.fill('#operator', 'Ana Reyes');
	await page.fill('#station', 'Dock 2');
	await page.click('#begin');
	await looked;
	await scan(page, number);
	await panel(page, 'valid');
	assert.equal(await text(page, '#c-scanned'), '1');
	show();
	await until(() => page.evaluate(() => localStorage.getItem('waybill.news') !== null), 'the look is over');
	assert.equal(await text(page, '#c-scanned'), '1');
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
	const { sent, pass } = await failing(page, async (route) => {
		await route.fetch(); /* the server has it; the answer never arrives */
		await route.abort();
	});
	await scan(page, number);
	await panel(page, 'held');
	pass();
	await panel(page, 'valid');
	assert.ok(sent.length > 1);
	assert.equal(new Set(sent.map((s) => s.scan_id)).size, 1);
	const { json } = await api('GET', `/sessions/${await text(page, '#v-session')}`);
	assert.deepEqual([json.valid, json.duplicate], [1, 0]);
	await page.context().close();
});

test('503 keeps the scan in the queue and says that the database is away', async () => {
	const [number] = await load(numbers(1));
	const page = await startScanning(browser);
	const { pass } = await failing(page, (route) => route.fulfill({ status: 503, headers: { 'Retry-After': '1' },
		json: { error: 'database_unreachable', message: 'The database is away.' } }));
	await scan(page, number);
	await panel(page, 'held');
	assert.match(await text(page, '#connection'), /database is away/);
	assert.equal(await text(page, '#depth'), '1 scan waiting');
	pass();
	await panel(page, 'valid');
	await page.context().close();
});

/* The panel said to the end that the server cannot be reached. */
test('a scan that waits tells what it waits for now', async () => {
	const [number] = await load(numbers(1));
	const page = await startScanning(browser);
	await failing(page, (route) => route.abort());
	await scan(page, number);
	await panel(page, 'held');
	assert.match(await text(page, '.panel-detail'), /cannot be reached/);
	const { pass } = await failing(page, (route) => route.fulfill({ status: 401,
		json: { error: 'not_logged_in', message: 'Log in first.' } }));
	await until(async () => /nobody is logged in/.test(await text(page, '.panel-detail')), 'the reason is the new one');
	assert.equal(await text(page, '.panel-number'), number);
	assert.equal((await tones(page)).length, 1);
	pass();
	await panel(page, 'valid');
	await page.context().close();
});

test('what the server refuses for good is an error, and the line goes on', async () => {
	const list = await load(numbers(2));
	const page = await startScanning(browser);
	const { pass } = await failing(page, (route) => route.fulfill({ status: 400,
		json: { error: 'bad_field', message: 'field "mode" is wrong' } }));
	await scan(page, list[0]);
	await panel(page, 'error');
	pass();
	assert.match(await text(page, '.panel-detail'), /Field "mode" is wrong\./);
	await scan(page, list[1]);
	await panel(page, 'valid');
	await page.context().close();
});

test('leaving with scans in the queue asks first', async () => {
	const [number] = await load(numbers(1));
	const page = await startScanning(browser);
	await failing(page, (route) => route.abort());
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
