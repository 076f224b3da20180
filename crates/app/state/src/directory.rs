//! What the institution's directory changes (SCIM): people and groups, and the sessions that end with it, at once.

use crate::AppState;
use crate::error::ApiError;
use holdfast_identity::{
    DirectoryGroup, DirectoryUser, GroupFields, GroupName, UserFields, change_group, change_user, create_group,
    create_user, delete_group, delete_user, directory_group, directory_user, groups, groups_of_user, users,
};
use holdfast_store::Store;
use std::collections::{HashMap, HashSet};

impl AppState {
    /// Returns the users of the directory, each with the groups that they are in.
    ///
    /// # Errors
    /// 500 or 503 when they cannot be read.
    pub fn directory_users(&self) -> Result<Vec<(DirectoryUser, Vec<GroupName>)>, ApiError> {
        let (users, groups) = self.screening.read(|db| Ok((users(db)?, groups(db)?)))?;
        let mut of: HashMap<&str, Vec<GroupName>> = HashMap::new();
        for group in &groups {
            let name = || GroupName { id: group.id.clone(), display_name: group.fields.display_name.clone() };
            group.fields.members.iter().for_each(|member| of.entry(member).or_default().push(name()));
        }
        Ok(users
            .into_iter()
            .map(|user| {
                let own = of.remove(user.id.as_str()).unwrap_or_default();
                (user, own)
            })
            .collect())
    }

    /// Returns a user of the directory, with the groups that they are in.
    ///
    /// # Errors
    /// 404; 500 or 503 when it cannot be read.
    pub fn directory_user(&self, id: &str) -> Result<(DirectoryUser, Vec<GroupName>), ApiError> {
        let user = self.screening.read(|db| Ok(directory_user(db, id)))??;
        let groups = self.screening.read(|db| groups_of_user(db, id))?;
        Ok((user, groups))
    }

    /// Returns the groups of the directory.
    ///
    /// # Errors
    /// 500 or 503 when they cannot be read.
    pub fn directory_groups(&self) -> Result<Vec<DirectoryGroup>, ApiError> {
        Ok(self.screening.read(groups)?)
    }

    /// Returns a group of the directory.
    ///
    /// # Errors
    /// 404; 500 or 503 when it cannot be read.
    pub fn directory_group(&self, id: &str) -> Result<DirectoryGroup, ApiError> {
        Ok(self.screening.read(|db| Ok(directory_group(db, id)))??)
    }

    fn new_id() -> Result<String, ApiError> {
        let random = crate::system::entropy().map_err(|e| ApiError::internal(e.to_string()))?;
        Ok(hex::encode(&random[..16]))
    }

    /// Ends the sessions of people in this process, and reads the keys anew: those of suspended people open nothing.
    fn people_changed(&self, people: &[u64]) -> Result<(), ApiError> {
        let keys = self.screening.keys()?;
        if !people.is_empty() {
            let known = self.screening.people()?;
            let names: HashSet<&str> =
                known.iter().filter(|p| people.contains(&p.id)).map(|p| p.name.as_str()).collect();
            let own: HashSet<&str> =
                keys.iter().filter(|k| names.contains(k.person())).map(|k| k.id.as_str()).collect();
            self.auth.sessions.end_where(|session| own.contains(session.subject.as_str()));
        }
        self.auth.set(keys);
        Ok(())
    }

    /// Makes a user of the directory.
    ///
    /// # Errors
    /// 400 names the attribute; 409 when the name is taken; 500 or 503 when it cannot be stored.
    pub fn create_directory_user(&self, fields: UserFields, actor: &str) -> Result<DirectoryUser, ApiError> {
        let fields = UserFields { active: fields.active.or(Some(true)), ..fields };
        let id = Self::new_id()?;
        let user = Store::change(&*self.screening, actor, move |tx| create_user(tx, &id, &fields))?;
        self.people_changed(&[])?;
        Ok(user)
    }

    /// Changes a user of the directory; the sessions of one who is inactive end.
    ///
    /// # Errors
    /// 400 names the attribute; 404; 409 for another person's name or the last administrator; 500 or 503 when it cannot be stored.
    pub fn change_directory_user(
        &self,
        id: String,
        fields: UserFields,
        actor: &str,
    ) -> Result<DirectoryUser, ApiError> {
        let user = Store::change(&*self.screening, actor, move |tx| change_user(tx, &id, &fields))?;
        let out = if user.fields.active == Some(false) { &[user.person][..] } else { &[][..] };
        self.people_changed(out)?;
        Ok(user)
    }

    /// Deletes a user of the directory, who is suspended; their sessions end.
    ///
    /// # Errors
    /// 404; 409 for the last administrator; 500 or 503 when it cannot be stored.
    pub fn delete_directory_user(&self, id: String, actor: &str) -> Result<(), ApiError> {
        let person = Store::change(&*self.screening, actor, move |tx| delete_user(tx, &id))?;
        self.people_changed(&[person])
    }

    /// Makes a group of the directory.
    ///
    /// # Errors
    /// 400 names the attribute; 409 when the name is taken; 500 or 503 when it cannot be stored.
    pub fn create_directory_group(&self, fields: GroupFields, actor: &str) -> Result<DirectoryGroup, ApiError> {
        let id = Self::new_id()?;
        Ok(Store::change(&*self.screening, actor, move |tx| create_group(tx, &id, &fields))?)
    }

    /// Changes a group of the directory; the sessions of those who leave it end.
    ///
    /// # Errors
    /// 400 names the attribute; 404; 409 when the name is taken; 500 or 503 when it cannot be stored.
    pub fn change_directory_group(
        &self,
        id: String,
        fields: GroupFields,
        actor: &str,
    ) -> Result<DirectoryGroup, ApiError> {
        let (group, left) = Store::change(&*self.screening, actor, move |tx| change_group(tx, &id, &fields))?;
        self.people_changed(&left)?;
        Ok(group)
    }

    /// Deletes a group of the directory; the sessions of its members end.
    ///
    /// # Errors
    /// 404; 500 or 503 when it cannot be stored.
    pub fn delete_directory_group(&self, id: String, actor: &str) -> Result<(), ApiError> {
        let left = Store::change(&*self.screening, actor, move |tx| delete_group(tx, &id))?;
        self.people_changed(&left)
    }
}
