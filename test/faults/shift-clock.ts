/** Loaded into a Node instance before the gateway: its clock is off by `CLOCK_SHIFT_MS`. workerd's cannot be moved. */
const shift = Number(process.env.CLOCK_SHIFT_MS);
const now = Date.now.bind(Date);
Date.now = () => now() + shift;
