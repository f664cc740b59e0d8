import { describe, expect, it } from 'vitest';
import { checkedCron, checkedTimeZone } from '../../../cli/schedules/cron.js';
import { InputFault } from '../../../errors/fault.js';

describe('a cron line', () => {
  it.each([
    '* * * * *',
    '0 3 * * 1',
    '*/15 0-6,12 1,15 jan-mar MON-fri',
    '5/10 * * * 7',
    '0 0 29 2 *',
    '0 0 31 1,2 ?',
    '@daily',
    '@hourly',
  ])('is taken: %s', (line) => {
    expect(checkedCron(line)).toBe(line);
  });

  it('is taken with single blanks', () => {
    expect(checkedCron(' 0  3\t* * 1 ')).toBe('0 3 * * 1');
  });

  it.each([
    ['0 3 * * 1 # Mondays', /a #, after which the server would read nothing/],
    ['#', /a #/],
    ['', /number of fields is wrong; found 0/],
    ['nonsense', /number of fields is wrong; found 1/],
    ['0 3 * * 1 2026', /number of fields is wrong; found 6/],
    ['@every 5m', /number of fields is wrong/],
    ['@fortnightly', /no such shorthand; found @fortnightly; expected @hourly/],
    ['CRON_TZ=Mars/X 0 3 * * 1', /number of fields/],
    ['61 * * * *', /the minute is wrong; found "61"; expected \*, numbers from 0 to 59/],
    ['0 24 * * *', /the hour is wrong/],
    ['0 0 0 * *', /the day of the month is wrong/],
    ['0 0 * 13 *', /the month is wrong.*jan to dec/],
    ['0 0 * * 8', /the day of the week is wrong.*sun to sat/],
    ['0 0 * * monday', /the day of the week is wrong; found "monday"/],
    ['5-1 * * * *', /the minute is wrong/],
    ['*/0 * * * *', /the minute is wrong/],
    ['1,,2 * * * *', /the minute is wrong; found "" in "1,,2"/],
    ['1-2-3 * * * *', /the minute is wrong/],
    ['-1 * * * *', /the minute is wrong/],
    ['1.5 * * * *', /the minute is wrong/],
    ['0 0 L * *', /the day of the month is wrong/],
    ['0 0 30 2 *', /no month of these has that day/],
    ['0 0 31 4,6 *', /no month of these has that day/],
  ])('is refused with what is wrong: %s', (line, words) => {
    expect(() => checkedCron(line)).toThrow(words);
    expect(() => checkedCron(line)).toThrow(InputFault);
  });
});

describe('a time zone', () => {
  it('is one that is known', () => {
    expect(checkedTimeZone('Europe/Berlin')).toBe('Europe/Berlin');
    expect(() => checkedTimeZone('Mars/Base')).toThrow(/no such time zone; found Mars\/Base/);
  });
});
