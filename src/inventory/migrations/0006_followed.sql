-- Which transfers stock has followed from their sender: asked when an order with transfers is cancelled. Rows before this
-- migration name none; an order that holds nothing at a sender any more is not asked about.
create index ledger_by_transfer on inventory.ledger (reference) where kind = 'transfer_sent';
