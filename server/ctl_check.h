/*
 * waybillctl rows --check FILE: which heading means which field, how many rows there
 * are, and what is wrong with them; for a person, on stdout. No database.
 */
#ifndef SERVER_CTL_CHECK_H
#define SERVER_CTL_CHECK_H

/* sheet: NULL to choose. Returns an enum ctl_exit; rows with problems are no failure. */
int ctl_check(const char *path, const char *sheet);

#endif
