/*
 * Roles by name. Ignorant of what each may do: the router's table says that.
 */
#include "server/role.h"

static const char *const names[] = {
	[ROLE_UNSET] = "anyone",          [ROLE_ANYONE] = "anyone",
	[ROLE_SCANNER] = "scanner",       [ROLE_OFFICE] = "office",
	[ROLE_SUPERVISOR] = "supervisor", [ROLE_ADMIN] = "admin"
};

const char *role_name(enum role role)
{
	return names[role];
}

enum role role_of(struct slice name)
{
	for (int i = ROLE_SCANNER; i <= ROLE_ADMIN; i++)
		if (slice_eq(name, slice_str(names[i])))
			return (enum role)i;
	return ROLE_UNSET;
}
