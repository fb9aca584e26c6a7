/*
 * What this browser remembers between visits: who works here, at which station, how
 * loud. A browser that refuses storage (private windows, policies) merely forgets.
 */
const PREFIX = 'waybill.';

export function recall(name, otherwise = null) {
	try {
		return JSON.parse(localStorage.getItem(PREFIX + name)) ?? otherwise;
	} catch {
		return otherwise;
	}
}

export function remember(name, value) {
	try {
		if (value === null) {
			localStorage.removeItem(PREFIX + name);
		} else {
			localStorage.setItem(PREFIX + name, JSON.stringify(value));
		}
	} catch {
		/* forgotten at the next visit; nothing else depends on it */
	}
}
