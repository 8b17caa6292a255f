import streamlit as st
st.title("Ventes")
