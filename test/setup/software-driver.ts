// A driver in software would take every core of the machine for itself.
process.env['LP_NUM_THREADS'] ??= '1';
