-- Every document belongs to the request that its submission became, with its type, its file and its status; a document
-- without a status keeps none.
-- table: verification_documents
-- source
select d.id as key, d.submission_id as verification_request_id, d.document_type, d.file_url, d.status_meaning as status,
    d.created_at, d.updated_at
from submission_documents d where d.rejected is null
-- target
select concat(d.id) as key, d.verification_request_id, d.document_type, d.file_url, d.status, d.created_at,
    d.updated_at
from verification_documents d
