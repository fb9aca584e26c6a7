/*
 * The answer to a search of waybills as a file: out of database_read when that can
 * answer.
 */
#include "server/handle_export.h"

#include "server/log.h"
#include "server/waybill_table.h"

void handle_waybill_export(struct handle_env *env, struct request *req,
			   const struct slice *query, bool xlsx, struct response *res)
{
	struct err e = { .kind = ERR_NONE };
	struct db_read *read = NULL;
	struct table_out o;
	int rc = db_read_open(env->cfg, "waybilld export", &read, &e);

	db_read_metrics(read, env->metrics);
	db_read_patient(read);
	if (rc == 0)
		rc = table_out_open(&o, env->cfg->spool_dir, xlsx, SLICE("Waybills"), &e);
	if (rc == 0) {
		rc = waybill_table_write(read, env->db, query, &o, &e);
		if (rc == 0)
			rc = table_out_answer(&o, SLICE("waybills"), res, &e);
		table_out_release(&o);
	}
	if (rc < 0) {
		log_line(LOG_ERROR, "waybill_list %.*s: %s", (int)req->id.n, req->id.p,
			 e.text);
		response_failure(res, "bad_value", &e);
	}
	db_read_close(&read);
}
