/*
 * The answer to a search of waybills as a file: out of the database for exports when
 * there is one.
 */
#include "server/handle_export.h"

#include "server/log.h"
#include "server/waybill_table.h"

void handle_waybill_export(struct handle_env *env, struct request *req,
			   const struct slice *query, bool xlsx, struct response *res)
{
	struct config cfg = *env->cfg;
	struct err e = { .kind = ERR_NONE };
	struct db *db = env->db;
	struct db *replica = NULL;
	struct table_out o;
	int rc;

	if (*cfg.database_read != '\0') {
		cfg.database = cfg.database_read;
		if (db_open(&cfg, "waybilld export", &replica, &e) == 0)
			db = replica;
	}
	rc = table_out_open(&o, cfg.spool_dir, xlsx, SLICE("Waybills"), &e);
	if (rc == 0) {
		rc = waybill_table_write(db, query, &o, &e);
		if (rc == 0)
			rc = table_out_answer(&o, SLICE("waybills"), res, &e);
		table_out_release(&o);
	}
	if (rc < 0) {
		log_line(LOG_ERROR, "waybill_list %.*s: %s", (int)req->id.n, req->id.p,
			 e.text);
		response_failure(res, "bad_value", &e);
	}
	db_close(&replica);
}
