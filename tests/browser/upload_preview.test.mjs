/* A file looked at before it is loaded: how its columns are read, and corrected. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { api, csv, launch, numbers, openUpload, sample, text, until, violations, workbook } from './support.mjs';

let browser;
before(async () => { browser = await launch(); });
after(() => browser.close());

const file = (name, content) => ({ name, mimeType: 'application/octet-stream', buffer: Buffer.from(content) });

async function look(page, what) {
	await page.setInputFiles('#file', what);
	await page.waitForSelector('#preview:not([hidden])');
	await page.waitForSelector('#looking[hidden]', { state: 'attached' });
}

const readAs = (page) => page.locator('#preview-columns select').evaluateAll((all) => all.map((s) => s.value));

async function load(page) {
	await page.press('#send', 'Enter'); /* which a preview that comes moves */
	await page.waitForSelector('#running[hidden]', { state: 'attached' });
	await page.waitForSelector('#outcome:not([hidden])');
}

test('a file is shown as it would be stored, with its problems, and nothing is loaded', async () => {
	const [a, b] = numbers(2);
	const page = await openUpload(browser);
	await look(page, file('p.csv', `Waybill Number,Receiver,COD,Colour\r\n${a},Ana <b>,"1,200.50",red\r\n,Ben,3,blue\r\n${b},Cara,abc,\r\n`));
	assert.deepEqual(await readAs(page), ['waybill_number', 'receiver_name', 'cod_amount', 'extra']);
	const shown = await page.locator('#preview-rows tr').evaluateAll((trs) => trs.map((tr) => Array.from(tr.cells, (td) => td.textContent)));
	assert.deepEqual(shown, [['2', a, 'Ana <b>', '1200.5', 'Colour: red'], ['4', b, 'Cara', '', 'COD: abc']]);
	assert.match(await text(page, '#preview-problems'), /Row 3 would be rejected: Waybill Number/);
	assert.match(await text(page, '#preview-problems'), /do not fit their column/);
	assert.match(await text(page, '#preview-facts'), /Headings in row 1/);
	assert.equal((await api('GET', `/waybills/${a}`)).status, 404);
	assert.deepEqual(await violations(page), []);
	assert.deepEqual(page.faults, []);
	await page.context().close();
});

test('a file without known headings is mended with the keyboard alone, and remembered', async () => {
	const list = numbers(3);
	const content = (name) => `Ref ${name},Naam,Town\r\n${list.map((n) => `${n},Ana,Cebu`).join('\r\n')}\r\n`;
	const name = `x${Date.now()}`;
	const page = await openUpload(browser);
	await look(page, file('ref.csv', content(name)));
	assert.match(await text(page, '#preview-trouble'), /waybill number|heading row/i);
	const first = page.locator('#preview-columns select').first();
	await first.focus();
	await page.clock.install();
	await page.clock.pauseAt(Date.now() + 3600e3);
	for (const letter of 'Waybill') { /* each once asked anew, and the next one chose another field */
		await page.keyboard.press(letter, { delay: 60 });
		await page.clock.runFor(60); /* a hand's pace, whatever the machine's is */
	}
	await page.clock.resume();
	await until(() => page.evaluate(() => ['preview-trouble', 'looking'].every((id) => document.getElementById(id).hidden)), 'it was asked anew');
	assert.equal((await readAs(page))[0], 'waybill_number');
	assert.ok(await first.evaluate((s) => s === document.activeElement), 'the focus stays');
	await page.locator('#preview-columns select').nth(1).selectOption('receiver_name');
	await until(async () => (await text(page, '#preview-rows')).includes('Ana') && (await text(page, '#preview-heads')).includes('Receiver name'), 'the name is chosen');
	await load(page);
	assert.equal((await page.getAttribute('#verdict .notice', 'class')), 'notice good');
	assert.match(await text(page, '#mapping-rows'), /\(chosen\)waybill_number/);
	/* The next file like it is read the same way, until somebody wants it otherwise. */
	await look(page, file('ref2.csv', content(name)));
	assert.deepEqual(await readAs(page), ['waybill_number', 'receiver_name', 'extra']);
	assert.match(await text(page, '#preview-chosen'), /as chosen on \d{4}-\d\d-\d\d.* by Ana Reyes for/);
	await page.click('#as-headed');
	await until(() => page.isVisible('#preview-trouble'), 'it is read as it is headed');
	await page.context().close();
});

test('of a field given to another column only one is read', async () => {
	const [a] = numbers(1);
	const page = await openUpload(browser);
	await look(page, file('cod.csv', `Waybill,COD,COD Fee,Receiver\r\n${a},1,2,Ana\r\n`));
	await page.locator('#preview-columns select').nth(2).selectOption('cod_amount');
	await until(async () => JSON.stringify(await readAs(page)) === JSON.stringify(['waybill_number', 'extra', 'cod_amount', 'receiver_name']), 'the fee is the amount');
	await page.locator('#preview-columns select').nth(1).selectOption('cod_amount');
	await until(async () => JSON.stringify(await readAs(page)) === JSON.stringify(['waybill_number', 'cod_amount', 'extra', 'receiver_name']), 'and back');
	await page.click('#as-headed');
	await load(page);
	const { json } = await api('GET', `/waybills/${a}`);
	assert.equal(Number((json.waybill ?? json).cod_amount), 1);
	await page.context().close();
});

test('a column without a heading is chosen', async () => {
	const [a] = numbers(1);
	const page = await openUpload(browser);
	await look(page, file('bare.csv', `Receiver,City\r\nAna,Cebu,${a}\r\n`));
	assert.deepEqual(await readAs(page), ['receiver_name', 'city', '']);
	assert.match(await text(page, '#preview-columns'), new RegExp(`no heading.*${a}`, 's'));
	await page.locator('#preview-columns select').nth(2).selectOption('waybill_number');
	await until(async () => (await text(page, '#preview-rows')).includes(a), 'the number is chosen');
	await load(page);
	assert.equal((await api('GET', `/waybills/${a}`)).status, 200);
	await page.context().close();
});

test('cells beyond the headings are said to be a column of their own', async () => {
	const [a, b] = numbers(2);
	const page = await openUpload(browser);
	await look(page, file('wide.csv', `Waybill Number,Receiver\r\n${a},Ana,fragile\r\n${b},Ben\r\n`));
	assert.match(await text(page, '#preview-problems'), /Row 2 would be rejected: Column C fragile/);
	const last = page.locator('#preview-columns select').last();
	assert.equal(await last.inputValue(), '', 'nobody has said so yet');
	await last.selectOption('extra');
	await until(async () => (await text(page, '#preview-rows')).includes('Column C: fragile'), 'it is kept');
	assert.ok(await page.isVisible('#preview-fine'));
	assert.equal(await page.locator('#preview-columns select').last().inputValue(), 'extra');
	await load(page);
	assert.deepEqual((await api('GET', `/waybills/${a}`)).json.extra, { 'Column C': 'fragile' });
	await page.context().close();
});

test('a file is sent once, and again only when the server has lost it', async () => {
	const page = await openUpload(browser);
	await page.evaluate(() => {
		const { open: began, send } = XMLHttpRequest.prototype;
		window.sent = [];
		XMLHttpRequest.prototype.open = function (method, path) {
			this.path = path;
			began.call(this, method, path);
		};
		XMLHttpRequest.prototype.send = function (form) {
			window.sent.push(`${this.path} ${form.has('waybill_file') ? 'file' : form.has('kept')}`);
			send.call(this, form);
		};
	});
	const sent = () => page.evaluate(() => window.sent.splice(0));
	const [a] = numbers(1);
	const content = `Waybill,Ref,City\r\n${a},Ana,Cebu\r\n`;
	await look(page, file('once.csv', content));
	await page.locator('#preview-columns select').nth(1).selectOption('receiver_name');
	await until(async () => (await text(page, '#preview-rows')).includes('Ana') && (await text(page, '#preview-heads')).includes('Receiver name'), 'the name is chosen');
	await load(page);
	assert.equal((await api('GET', `/waybills/${a}`)).json.receiver_name, 'Ana');
	assert.deepEqual(await sent(), ['/upload/preview file', '/upload/preview true', '/upload true']);
	await look(page, file('lost.csv', content));
	await page.route('**/upload', (route) => route.fulfill({ status: 410, contentType: 'application/json',
		body: '{"error":"file_not_kept","message":"Lost."}' }), { times: 1 });
	await load(page);
	assert.deepEqual(await sent(), ['/upload/preview file', '/upload true', '/upload file']);
	assert.equal(await page.getAttribute('#verdict .notice', 'class'), 'notice good');
	await page.context().close();
});

test('a large workbook is shown by its first rows', async () => {
	const page = await openUpload(browser);
	await look(page, sample(30000, 21));
	assert.equal(await page.locator('#preview-rows tr').count(), 10);
	assert.match(await text(page, '#preview-facts'), /the first 2,000 rows looked at/);
	await page.context().close();
});

test('what is no workbook is said at once', async () => {
	const page = await openUpload(browser);
	await look(page, file('empty.xlsx', ''));
	assert.match(await text(page, '#preview-trouble'), /empty/i);
	assert.ok(!await page.isVisible('#preview-parts'));
	await page.context().close();
});

test('numbers that come again, an empty table and warnings of any kind are no "no problems"', async () => {
	const [a, b] = numbers(2);
	const page = await openUpload(browser);
	const problems = () => page.locator('#preview-problems li').allTextContents();
	await look(page, file('twice.csv', `Waybill Number,Receiver\r\n${a},Ana\r\n${b},Ben\r\n${a},Ana\r\n${a},Cara\r\n`));
	assert.deepEqual(await problems(), ['2 rows have a number that comes again further down: the last row of each number counts.']);
	assert.ok(!await page.isVisible('#preview-fine'));
	await look(page, file('once.csv', csv([a, b])));
	assert.deepEqual([await problems(), await text(page, '#preview-fine')], [[], 'No problems found.']);
	await look(page, file('none.csv', 'Waybill Number,Receiver\r\n'));
	assert.match((await problems()).join(), /no rows below/i);
	assert.ok(!await page.isVisible('#preview-fine'));
	await page.route('**/upload/preview', async (route) => {
		const response = await route.fetch();
		const json = await response.json();
		return route.fulfill({ response, json: { ...json, complete: false, rows_read: 2, duplicate: 1, warnings: [
			{ kind: 'made_up', count: 2, message: 'Cells were made up.', rows: [{ row: 3, column: 'Receiver', text: 'Ben' }] },
			{ kind: 'made_up_too', message: 'So was this.' }] } });
	});
	await look(page, file('strange.csv', csv([a, b])));
	assert.deepEqual(await problems(), [
		'1 row has a number that comes again further down in the first 2 rows: the last row of each number counts.',
		'Cells were made up. (2) First: row 3 Receiver "Ben".', 'So was this.']);
	await page.context().close();
});

test('a sheet without rows is no dead end: another one is chosen', async () => {
	const [a] = numbers(1);
	const page = await openUpload(browser);
	const shown = (what) => until(async () => (await text(page, '#preview-rows')).includes(what)
		&& await page.isVisible('#preview-parts'), `${what} is shown`);
	await look(page, file('sheets.xlsx', workbook({ Manila: [['Waybill Number', 'Receiver'], [a, 'Ana']], Empty: [] })));
	await page.focus('#sheet');
	await page.keyboard.press('E');
	await page.waitForSelector('#preview-trouble:not([hidden])');
	assert.match(await text(page, '#preview-trouble'), /heading row|empty/i);
	assert.ok(!await page.isVisible('#preview-parts'), 'there is nothing to show of it');
	assert.ok(await page.locator('#sheet').evaluate((s) => s === document.activeElement), 'the focus stays');
	assert.deepEqual(await violations(page), []);
	await page.keyboard.press('ArrowUp');
	await shown('Ana');
	assert.ok(!await page.isVisible('#preview-trouble'));
	await page.selectOption('#sheet', 'Empty');
	await page.waitForSelector('#preview-trouble:not([hidden])');
	await load(page); /* all the same */
	assert.equal(await page.getAttribute('#verdict .notice', 'class'), 'notice bad');
	await page.selectOption('#sheet', 'Manila');
	await shown('Ana');
	await load(page);
	assert.equal((await api('GET', `/waybills/${a}`)).status, 200);
	assert.deepEqual(page.faults, []);
	await page.context().close();
});

test('of a workbook whose sheets are all hidden one is chosen', async () => {
	const [a] = numbers(1);
	const page = await openUpload(browser);
	await look(page, file('hidden.xlsx', workbook({ 'hidden July': [['Waybill Number', 'Receiver'], [a, 'Ana']] })));
	assert.match(await text(page, '#preview-trouble'), /every sheet is hidden/i);
	await page.selectOption('#sheet', { label: 'hidden July (hidden)' });
	await until(async () => (await text(page, '#preview-rows')).includes('Ana'), 'its rows are shown');
	await load(page);
	assert.equal((await api('GET', `/waybills/${a}`)).status, 200);
	await look(page, file('none.csv', 'Name,Colour\r\nAna,blue\r\n'));
	assert.ok(!await page.isVisible('#sheet-choice'), 'what was chosen of the file before is not asked for');
	await page.context().close();
});

for (const [name, options] of [['narrow', { viewport: { width: 320, height: 640 } }], ['dark', { colorScheme: 'dark' }]]) {
	test(`preview and result: nothing overflows and axe finds nothing, ${name}`, async () => {
		const page = await openUpload(browser, options);
		await look(page, file('w.csv', csv(numbers(2)) + '\r\n,Nobody,Cebu City,Shoes'));
		assert.deepEqual(await violations(page), []);
		await load(page);
		assert.deepEqual(await violations(page), []);
		assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'no sideways scrolling');
		await page.context().close();
	});
}
