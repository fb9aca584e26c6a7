/*
 * Files of the pages: styles, scripts, pictures.
 */
#include "server/handle.h"

void handle_static(struct handle_env *env, struct request *req, struct response *res)
{
	static_serve(env->files, req->segment[0], req, res);
}
